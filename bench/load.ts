import { Pool } from 'undici';
import type { Credentials } from './credentials';
import { percentile } from './figures';
import { WORKLOADS, type WorkloadName } from './workloads';

export interface LoadTask {
  workload: WorkloadName;
  origin: string;
  credentials: Credentials;
  concurrency: number;
  durationMs: number;
}

/** Times in milliseconds. */
export interface LoadResult {
  requests: number;
  seconds: number;
  p50: number;
  p95: number;
  p99: number;
}

export type LoadReply = { result: LoadResult } | { error: string };

/** Sends requests for the duration of the task. Runs in its own process, so that the figures exclude its processor time. */
async function runLoad(task: LoadTask): Promise<LoadResult> {
  const { workload, origin, credentials, concurrency, durationMs } = task;
  const pool = new Pool(origin, { connections: concurrency, pipelining: 1 });
  const times: number[] = [];
  const startedAt = performance.now();
  let isOver = false;

  const caller = async (): Promise<void> => {
    while (!isOver && performance.now() - startedAt < durationMs) {
      const { method, path, headers, body, status, contains } = WORKLOADS[workload](credentials);
      const sentAt = performance.now();
      const answer = await pool.request({ method, path, headers, body });
      const text = await answer.body.text();
      times.push(performance.now() - sentAt);
      // An error comes faster than the expected answer. If errors counted, the figures would be too good.
      if (answer.statusCode !== status || (contains !== undefined && !text.includes(contains))) {
        throw new Error(`${method} ${path} answered ${answer.statusCode}: ${text.slice(0, 500)}`);
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: concurrency }, caller));
  } finally {
    isOver = true;
    await pool.destroy();
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  times.sort((a, b) => a - b);
  return {
    requests: times.length,
    seconds,
    p50: percentile(times, 50),
    p95: percentile(times, 95),
    p99: percentile(times, 99),
  };
}

function reply(message: LoadReply): void {
  process.send?.(message);
}

process.on('message', (task: LoadTask) => {
  runLoad(task).then(
    (result) => reply({ result }),
    (error: unknown) => reply({ error: error instanceof Error ? error.message : String(error) }),
  );
});
process.once('disconnect', () => process.exit());
