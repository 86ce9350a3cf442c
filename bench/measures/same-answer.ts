import { isDeepStrictEqual } from 'node:util';
import type { Credentials } from '../credentials';
import { WORKLOADS, type PlannedRequest, type WorkloadName } from '../workloads';
import type { Servers } from './start-up';

/**
 * Throws unless the service and the baseline give the same answer to the same request: a ratio between two servers that do
 * different work means nothing.
 *
 * @param volatileFields fields that differ between any two answers; both answers must have them, with any value
 */
export async function expectSameAnswer(
  workload: WorkloadName,
  credentials: Credentials,
  { service, baseline }: Servers,
  volatileFields: string[] = [],
): Promise<void> {
  const request = WORKLOADS[workload](credentials);
  const answers = await Promise.all([service, baseline].map(({ origin }) => send(origin, request)));
  const [ofService, ofBaseline] = answers.map((answer) => maskFields(answer, volatileFields));
  if (isDeepStrictEqual(ofService, ofBaseline)) return;
  throw new Error(
    `${request.method} ${request.path}: the service answers\n  ${JSON.stringify(ofService)}\nand the baseline\n  ${JSON.stringify(ofBaseline)}`,
  );
}

async function send(origin: string, { method, path, headers, body }: PlannedRequest): Promise<unknown> {
  const answer = await fetch(`${origin}${path}`, { method, headers, body });
  const text = await answer.text();
  return { status: answer.status, body: text === '' ? null : (JSON.parse(text) as unknown) };
}

function maskFields(answer: unknown, fields: string[]): unknown {
  return JSON.parse(JSON.stringify(answer), (name, value: unknown) =>
    fields.includes(name) ? 'any' : value,
  );
}
