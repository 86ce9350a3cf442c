import { setTimeout as sleep } from 'node:timers/promises';
import type { Rounds } from '../rounds';
import type { Stage } from '../stage';
import { sidesOf, type Comparison } from './comparison';
import { expectSameAnswer } from './same-answer';
import type { Servers } from './start-up';

const QUIET_MS = 2_000;

export interface WebhookCosts {
  comparisons: Comparison[];
  worker: WorkerPace;
}

/** Events that the service's worker applied each second. */
export interface WorkerPace {
  /** While service and peer were taking deliveries in turns. */
  underLoad: number;
  /** From the backlog that was left, with nothing else to do. */
  alone: number;
}

/** `POST /webhooks/terra`: signed deliveries, each another user connected, with the service's worker off and then on. */
export async function measureWebhooks(stage: Stage, rounds: Rounds, servers: Servers): Promise<WebhookCosts> {
  const off = await measure('webhook acceptance, worker off', stage, rounds, servers);
  const service = await stage.startService({ workers: true });
  const underLoad = paceOf(stage);
  const on = await measure('webhook acceptance, worker on', stage, rounds, { service, peer: servers.peer });
  const worker = { underLoad: await underLoad(), alone: NaN };
  const alone = paceOf(stage, await countApplied(stage));
  await sleep(QUIET_MS);
  worker.alone = await alone();
  await service.program.stop();
  return { comparisons: [off, on], worker };
}

/** @returns what gives the events applied each second since this call */
function paceOf(stage: Stage, before = 0): () => Promise<number> {
  const startedAt = performance.now();
  return async () => {
    const applied = (await countApplied(stage)) - before;
    return (applied / (performance.now() - startedAt)) * 1_000;
  };
}

function countApplied(stage: Stage): Promise<number> {
  return stage.databases.service.count('webhook_events', `status <> 'pending'`);
}

async function measure(name: string, stage: Stage, rounds: Rounds, servers: Servers): Promise<Comparison> {
  const { databases } = stage;
  await databases.service.empty('webhook_events');
  await databases.peer.empty('webhook_events');
  await stage.settle();
  await expectSameAnswer('webhooks', stage.credentials, servers);
  const outcomes = await rounds.alternate('webhooks', sidesOf(servers));
  await databases.service.expectRows('webhook_events', outcomes.service.requests + 1);
  await databases.peer.expectRows('webhook_events', outcomes.peer.requests + 1);
  return { name, ...outcomes };
}
