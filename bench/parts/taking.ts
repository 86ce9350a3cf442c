import { lastPositionOf, settledEvents } from '../database';
import type { RunningServer } from '../harness';
import type { LoadResult } from '../load';
import { processorSecondsOf } from '../system';
import type { Taken } from '../takers/arrivals';
import type { Bench } from './part';

const SETTLE_MS = 120_000;
const TAKE_MS = 120_000;

/** What happened to a number of new links, each of which makes one event. */
export interface TakenRound {
  events: number;
  /** From the first request until the last taker had the last event. */
  seconds: number;
  /** Processor time of the service for all of them. */
  cpuSeconds: number;
}

/** Takers of the events of a server, until `work` ends. Nothing that came before reaches them. */
export async function withTakers<T>(
  { harness: { takers, credentials } }: Bench,
  { origin, database }: RunningServer,
  work: () => Promise<T>,
): Promise<T> {
  await settledEvents(database, 0, SETTLE_MS);
  await takers.run<'open'>({ kind: 'open', origin, apiKey: credentials.apiKey });
  try {
    return await work();
  } finally {
    await takers.run<'close'>({ kind: 'close' });
  }
}

/** Sends new links as fast as the service accepts them, and waits until each taker has all of their events. */
export async function takeLinks(bench: Bench, server: RunningServer, links: number): Promise<TakenRound> {
  const position = await lastPositionOf(server.database);
  const cpuBefore = processorSecondsOf(server.program.pid);
  const { requests, startedAt } = await sendLinks(bench, server, links);
  const taken = await takeAll(bench, server, position, requests);
  const lastAt = Math.max(...taken.map((one) => one.lastAt));
  return {
    events: requests,
    seconds: (lastAt - startedAt) / 1_000,
    cpuSeconds: processorSecondsOf(server.program.pid) - cpuBefore,
  };
}

/** Sends new links as fast as the service accepts them. */
export function sendLinks(
  { harness, options }: Bench,
  { origin }: RunningServer,
  links: number,
): Promise<LoadResult> {
  return harness.load.run({
    kind: 'load',
    workload: 'links',
    origins: [origin],
    credentials: harness.credentials,
    concurrency: options.concurrency,
    durationMs: SETTLE_MS,
    requests: links,
  });
}

/** Waits until each taker has all events after the position. @throws Error when one is missing, repeated or wrong */
export async function takeAll(
  { harness }: Bench,
  { database }: RunningServer,
  position: number,
  atLeast: number,
): Promise<Taken[]> {
  const expected = await settledEvents(database, position, SETTLE_MS);
  if (expected.count < atLeast) throw new Error(`${atLeast} deliveries made only ${expected.count} events.`);
  return harness.takers.run<'take'>({ kind: 'take', expected, withinMs: TAKE_MS }, TAKE_MS * 2);
}
