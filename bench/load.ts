import type { Pool } from 'undici';
import type { Credentials } from './credentials';
import { percentile } from './figures';
import { openPool, send } from './sending';
import { runSteady, type SteadyResult, type SteadyTask } from './steady';
import { WORKLOADS, type WorkloadName } from './workloads';

export interface LoadTask {
  kind: 'load';
  workload: WorkloadName;
  /** Several: the callers are spread over them. */
  origins: string[];
  credentials: Credentials;
  concurrency: number;
  durationMs: number;
}

/** Times in milliseconds. */
export interface LoadResult {
  requests: number;
  seconds: number;
  p50: number;
  p99: number;
}

export type Task = LoadTask | SteadyTask;
export type Reply = { result: LoadResult | SteadyResult } | { error: string };

/** Sends requests for the duration of the task. Runs in its own process, so that the figures exclude its processor time. */
async function runLoad(task: LoadTask): Promise<LoadResult> {
  const { workload, origins, credentials, concurrency, durationMs } = task;
  const perOrigin = Math.ceil(concurrency / origins.length);
  const pools = origins.map((origin) => openPool(origin, perOrigin));
  const times: number[] = [];
  const startedAt = performance.now();
  let isOver = false;

  const caller = async (pool: Pool): Promise<void> => {
    while (!isOver && performance.now() - startedAt < durationMs) {
      const request = WORKLOADS[workload](credentials);
      const sentAt = performance.now();
      await send(pool, request);
      times.push(performance.now() - sentAt);
    }
  };
  try {
    await Promise.all(pools.flatMap((pool) => Array.from({ length: perOrigin }, () => caller(pool))));
  } finally {
    isOver = true;
    await Promise.all(pools.map((pool) => pool.destroy()));
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  times.sort((a, b) => a - b);
  return { requests: times.length, seconds, p50: percentile(times, 50), p99: percentile(times, 99) };
}

function reply(message: Reply): void {
  process.send?.(message);
}

process.on('message', (task: Task) => {
  const run: Promise<LoadResult | SteadyResult> = task.kind === 'load' ? runLoad(task) : runSteady(task);
  run.then(
    (result) => reply({ result }),
    (error: unknown) => reply({ error: error instanceof Error ? error.message : String(error) }),
  );
});
process.once('disconnect', () => process.exit());
