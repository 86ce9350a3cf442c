import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { percentile } from './figures';
import { sendAtPace, type Pace } from './pace';

/** Deliveries at a steady rate, and how long a link that was accepted takes until it can be read. */
export type SteadyTask = Pace & { kind: 'steady'; databaseUrl: string };

/** Times in milliseconds. */
export interface SteadyResult {
  /** What the sender reached: it sends less than the planned rate if the machine is too slow. */
  perSecond: number;
  links: number;
  p50: number;
  p99: number;
}

const POLL_MS = 4;
const VISIBLE_WITHIN_MS = 30_000;
const VISIBLE = `SELECT reference_id AS "referenceId" FROM terra_connect.connections
  WHERE reference_id = ANY($1) AND merged_into IS NULL AND provisional_check_at IS NULL`;

export async function runSteady(task: SteadyTask): Promise<SteadyResult> {
  const { databaseUrl, warmUpMs, durationMs } = task;
  const client = new Client({ connectionString: databaseUrl, query_timeout: 5_000 });
  await client.connect();
  const acceptedAt = new Map<string, number>();
  const times: number[] = [];
  const startedAt = performance.now();
  const isSending = (): boolean => performance.now() - startedAt < warmUpMs + durationMs;

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
    const sending = sendAtPace(task, ({ connects }) => {
      if (connects !== undefined) acceptedAt.set(connects, performance.now());
    });
    const [sent] = await Promise.all([sending, watch()]);
    times.sort((a, b) => a - b);
    return {
      perSecond: sent / ((warmUpMs + durationMs) / 1_000),
      links: times.length,
      p50: percentile(times, 50),
      p99: percentile(times, 99),
    };
  } finally {
    await client.end();
  }
}
