import type { Pool } from 'undici';
import type { Credentials } from './credentials';
import { percentile } from './figures';
import { openPool, send } from './sending';
import { runPace, type PaceTask } from './pace';
import { runSteady, type SteadyTask } from './steady';
import { epochMs, serveTasks } from './task-process';
import { WORKLOADS, type WorkloadName } from './workloads';

export interface LoadTask {
  kind: 'load';
  workload: WorkloadName;
  /** Several: the callers are spread over them. */
  origins: string[];
  credentials: Credentials;
  concurrency: number;
  durationMs: number;
  /** The task ends after this many requests; default: after its duration. */
  requests?: number;
}

/** Times in milliseconds. */
export interface LoadResult {
  requests: number;
  /** Milliseconds since 1970. */
  startedAt: number;
  seconds: number;
  p50: number;
  p99: number;
}

export type Task = LoadTask | SteadyTask | PaceTask;

/** Sends requests for the duration of the task. Runs in its own process, so that the figures exclude its processor time. */
async function runLoad(task: LoadTask): Promise<LoadResult> {
  const { workload, origins, credentials, concurrency, durationMs, requests = Infinity } = task;
  const perOrigin = Math.ceil(concurrency / origins.length);
  const pools = origins.map((origin) => openPool(origin, perOrigin));
  const times: number[] = [];
  const startedAt = epochMs();
  const timeIsUp = (): boolean => requests === Infinity && epochMs() - startedAt >= durationMs;
  let isOver = false;
  let planned = 0;

  const caller = async (pool: Pool): Promise<void> => {
    while (!isOver && planned < requests && !timeIsUp()) {
      planned += 1;
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
  const seconds = (epochMs() - startedAt) / 1_000;
  times.sort((a, b) => a - b);
  return {
    requests: times.length,
    startedAt,
    seconds,
    p50: percentile(times, 50),
    p99: percentile(times, 99),
  };
}

const TASKS: { [Kind in Task['kind']]: (task: Extract<Task, { kind: Kind }>) => Promise<unknown> } = {
  load: runLoad,
  steady: runSteady,
  pace: runPace,
};

serveTasks<Task>((task) => (TASKS[task.kind] as (task: Task) => Promise<unknown>)(task));
