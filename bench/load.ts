import { Pool } from 'undici';
import type { Credentials } from './credentials';
import { percentile } from './statistics';
import { WORKLOADS, type WorkloadName } from './workloads';

export interface LoadOrder {
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

/** The load generator: a process of its own, so that what it costs is not mistaken for what it measures. */
async function work(order: LoadOrder): Promise<LoadResult> {
  const { workload, origin, credentials, concurrency, durationMs } = order;
  const pool = new Pool(origin, { connections: concurrency, pipelining: 1 });
  const times: number[] = [];
  const startedAt = performance.now();
  let failed = false;

  const caller = async (): Promise<void> => {
    while (!failed && performance.now() - startedAt < durationMs) {
      const { method, path, headers, body, status, contains } = WORKLOADS[workload](credentials);
      const sentAt = performance.now();
      const answer = await pool.request({ method, path, headers, body });
      const text = await answer.body.text();
      times.push(performance.now() - sentAt);
      // A bench of errors is fast and a lie.
      if (answer.statusCode !== status || (contains !== undefined && !text.includes(contains))) {
        throw new Error(`${method} ${path} answered ${answer.statusCode}: ${text.slice(0, 500)}`);
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: concurrency }, caller));
  } finally {
    failed = true;
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

process.on('message', (order: LoadOrder) => {
  work(order).then(
    (result) => reply({ result }),
    (error: unknown) => reply({ error: error instanceof Error ? error.message : String(error) }),
  );
});
process.once('disconnect', () => process.exit());
