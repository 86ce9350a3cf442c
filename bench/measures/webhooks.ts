import { setTimeout as sleep } from 'node:timers/promises';
import type { Rounds } from '../rounds';
import type { Harness } from '../harness';
import { targetsOf, type Comparison } from './comparison';
import { expectSameAnswer } from './same-answer';
import type { Servers } from './start-up';

const BACKLOG_MS = 2_000;

export interface WebhookCosts {
  comparisons: Comparison[];
  worker: WorkerRate;
}

/** Events per second that the worker of the service processed. */
interface WorkerRate {
  /** While the service and the baseline accepted deliveries in turns. */
  underLoad: number;
  /** From the remaining backlog, without deliveries. */
  alone: number;
}

/**
 * Measures `POST /webhooks/terra` with the worker of the service off and then on. Each signed delivery reports another
 * connected Terra user.
 */
export async function measureWebhooks(
  harness: Harness,
  rounds: Rounds,
  servers: Servers,
): Promise<WebhookCosts> {
  const off = await measure('webhook acceptance, worker off', harness, rounds, servers);
  const service = await harness.startService({ workers: true });
  const underLoad = startRateMeter(harness);
  const on = await measure('webhook acceptance, worker on', harness, rounds, {
    service,
    baseline: servers.baseline,
  });
  const worker = { underLoad: await underLoad(), alone: NaN };
  const alone = startRateMeter(harness, await countProcessed(harness));
  await sleep(BACKLOG_MS);
  worker.alone = await alone();
  await service.program.stop();
  return { comparisons: [off, on], worker };
}

/** @returns a function that returns the events processed per second since this call */
function startRateMeter(harness: Harness, before = 0): () => Promise<number> {
  const startedAt = performance.now();
  return async () => {
    const processed = (await countProcessed(harness)) - before;
    return (processed / (performance.now() - startedAt)) * 1_000;
  };
}

function countProcessed(harness: Harness): Promise<number> {
  return harness.databases.service.count('webhook_events', `status <> 'pending'`);
}

async function measure(
  name: string,
  harness: Harness,
  rounds: Rounds,
  servers: Servers,
): Promise<Comparison> {
  const { databases } = harness;
  await databases.service.truncate('webhook_events');
  await databases.baseline.truncate('webhook_events');
  await harness.checkpoint();
  await expectSameAnswer('webhooks', harness.credentials, servers);
  const outcomes = await rounds.alternate('webhooks', targetsOf(servers));
  await databases.service.expectRows('webhook_events', outcomes.service.requests + 1);
  await databases.baseline.expectRows('webhook_events', outcomes.baseline.requests + 1);
  return { name, ...outcomes };
}
