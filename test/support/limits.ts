import type { ApiAnswer } from './app';

/** How many answers have each status. */
export function statusesOf(answers: { status: number }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

export async function inTurn<T>(count: number, call: () => Promise<T>): Promise<T[]> {
  const answers: T[] = [];
  for (let request = 0; request < count; request += 1) answers.push(await call());
  return answers;
}

export function simultaneously<T>(count: number, call: () => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, call));
}

/** Expects a 429 of the limit that says when to try again. */
export function expectRateLimited({ status, headers, body }: ApiAnswer<object>, limit: string): void {
  expect({ status, body }).toMatchObject({ status: 429, body: { code: 'rate_limit.exceeded', limit } });
  expect(headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
  expect(headers.get('ratelimit')).toMatch(new RegExp(`^"${limit}";r=0;t=[1-9]\\d*$`));
  expect(headers.get('ratelimit-policy')).toMatch(new RegExp(`^"${limit}";q=\\d+;w=\\d+$`));
}
