import { isDeepStrictEqual } from 'node:util';
import type { Credentials } from '../credentials';
import { WORKLOADS, type PlannedRequest, type WorkloadName } from '../workloads';
import type { Servers } from './start-up';

interface Options {
  /** Fields that differ from one request to the next; only that both have them is compared. */
  apart?: string[];
}

/**
 * Fails unless the service and its peer answer one and the same request alike: a ratio between two servers that do
 * different work would say nothing.
 */
export async function expectSameAnswer(
  workload: WorkloadName,
  credentials: Credentials,
  { service, peer }: Servers,
  { apart = [] }: Options = {},
): Promise<void> {
  const request = WORKLOADS[workload](credentials);
  const answers = await Promise.all([service, peer].map(({ origin }) => send(origin, request)));
  const [ours, theirs] = answers.map((answer) => without(apart, answer));
  if (isDeepStrictEqual(ours, theirs)) return;
  throw new Error(
    `${request.method} ${request.path}: the service answers\n  ${JSON.stringify(ours)}\nand the peer\n  ${JSON.stringify(theirs)}`,
  );
}

async function send(origin: string, { method, path, headers, body }: PlannedRequest): Promise<unknown> {
  const answer = await fetch(`${origin}${path}`, { method, headers, body });
  const text = await answer.text();
  return { status: answer.status, body: text === '' ? null : (JSON.parse(text) as unknown) };
}

function without(apart: string[], answer: unknown): unknown {
  return JSON.parse(JSON.stringify(answer), (name, value: unknown) => (apart.includes(name) ? 'any' : value));
}
