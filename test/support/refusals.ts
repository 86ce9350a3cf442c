import { ADMIN_KEY, type ApiOptions, type TestApp } from './app';
import { stateOf } from './flow';
import { sendRaw, type RawRequest } from './raw-http';

export interface ProblemBody extends Record<string, unknown> {
  status: number;
  code: string;
  errors?: { field: string; detail: string }[];
}

/** Makes a call, and sees to it that neither the database nor Terra has noticed. */
export async function changingNothing<T>(service: TestApp, call: () => Promise<T>): Promise<T> {
  const before = await stateOf(service);
  const askedBefore = callsToTerra(service);
  const answer = await call();
  expect(await stateOf(service)).toEqual(before);
  expect(callsToTerra(service)).toBe(askedBefore);
  return answer;
}

/** A call with the admin key that is expected to end in a problem and to change nothing. */
export async function refusal(
  service: TestApp,
  method: string,
  path: string,
  options?: ApiOptions,
): Promise<ProblemBody> {
  const answer = await changingNothing(service, () => service.api<ProblemBody>(method, path, options));
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
  expect(answer.body.status).toBe(answer.status);
  return answer.body;
}

/** The same for what `fetch` would not send. */
export async function rawRefusal(
  service: TestApp,
  path: string,
  request: RawRequest = {},
): Promise<ProblemBody> {
  const headers = { authorization: `Bearer ${ADMIN_KEY}`, ...request.headers };
  const answer = await changingNothing(service, () => sendRaw(service.url, path, { ...request, headers }));
  expect(answer.headers['content-type']).toContain('application/problem+json');
  expect(answer.json.status).toBe(answer.status);
  return answer.json as ProblemBody;
}

/** What a refused field looks like. */
export function invalidField(field: string): object {
  return { status: 422, code: 'request.invalid', errors: [expect.objectContaining({ field })] };
}

// The catalogue is read whenever a provider is named, and changes nothing there.
function callsToTerra({ sandbox }: TestApp): number {
  return sandbox.requests.filter(({ path }) => !path.includes('/integrations')).length;
}
