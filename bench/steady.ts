import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { Credentials } from './credentials';
import { percentile } from './figures';
import { openPool, send } from './sending';
import { WORKLOADS } from './workloads';

/** Deliveries at a steady rate, and how long a link that was accepted takes until it can be read. */
export interface SteadyTask {
  kind: 'steady';
  origin: string;
  credentials: Credentials;
  databaseUrl: string;
  perSecond: number;
  /** Deliveries of this first part do not count. */
  warmUpMs: number;
  durationMs: number;
}

/** Times in milliseconds. */
export interface SteadyResult {
  requests: number;
  /** What the sender reached: it sends less than the planned rate if the machine is too slow. */
  perSecond: number;
  links: number;
  p50: number;
  p99: number;
}

const CONNECTIONS = 64;
const POLL_MS = 4;
const VISIBLE_WITHIN_MS = 30_000;
const VISIBLE = `SELECT reference_id AS "referenceId" FROM terra_connect.connections
  WHERE reference_id = ANY($1) AND merged_into IS NULL AND provisional_check_at IS NULL`;

export async function runSteady(task: SteadyTask): Promise<SteadyResult> {
  const { origin, credentials, databaseUrl, perSecond, warmUpMs, durationMs } = task;
  const pool = openPool(origin, CONNECTIONS);
  const client = new Client({ connectionString: databaseUrl, query_timeout: 5_000 });
  await client.connect();
  const acceptedAt = new Map<string, number>();
  const times: number[] = [];
  const startedAt = performance.now();
  const isSending = (): boolean => performance.now() - startedAt < warmUpMs + durationMs;

  const sendAll = async (): Promise<number> => {
    const inFlight = new Set<Promise<void>>();
    let sent = 0;
    while (isSending()) {
      const due = ((performance.now() - startedAt) / 1_000) * perSecond;
      for (; sent < due && inFlight.size < CONNECTIONS; sent += 1) {
        const request = WORKLOADS.deliveries(credentials);
        const { connects } = request;
        const done = send(pool, request).then(() => {
          const now = performance.now();
          if (connects !== undefined && now - startedAt > warmUpMs) acceptedAt.set(connects, now);
        });
        inFlight.add(done);
        // A failure ends the run at the next `Promise.all`.
        done.finally(() => inFlight.delete(done)).catch(() => failures.push(done));
      }
      await sleep(1);
      await Promise.all(failures);
    }
    await Promise.all(inFlight);
    return sent;
  };
  const failures: Promise<void>[] = [];

  const watch = async (): Promise<void> => {
    while (isSending() || acceptedAt.size > 0) {
      if (performance.now() - startedAt > warmUpMs + durationMs + VISIBLE_WITHIN_MS)
        throw new Error(`${acceptedAt.size} accepted links are not visible after ${VISIBLE_WITHIN_MS} ms.`);
      if (acceptedAt.size > 0) {
        const { rows } = await client.query<{ referenceId: string }>(VISIBLE, [[...acceptedAt.keys()]]);
        const now = performance.now();
        for (const { referenceId } of rows) {
          times.push(now - (acceptedAt.get(referenceId) ?? now));
          acceptedAt.delete(referenceId);
        }
      }
      await sleep(POLL_MS);
    }
  };

  try {
    const [sent] = await Promise.all([sendAll(), watch()]);
    times.sort((a, b) => a - b);
    return {
      requests: sent,
      perSecond: sent / ((warmUpMs + durationMs) / 1_000),
      links: times.length,
      p50: percentile(times, 50),
      p99: percentile(times, 99),
    };
  } finally {
    await pool.destroy();
    await client.end();
  }
}
