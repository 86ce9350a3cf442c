import { setTimeout as sleep } from 'node:timers/promises';
import type { Credentials } from './credentials';
import { openPool, send } from './sending';
import { epochMs } from './task-process';
import { WORKLOADS, type PlannedRequest, type WorkloadName } from './workloads';

/** Deliveries at a steady rate. */
export interface Pace {
  origin: string;
  credentials: Credentials;
  workload: WorkloadName;
  perSecond: number;
  /** Deliveries of this first part do not count. */
  warmUpMs: number;
  durationMs: number;
}

export type PaceTask = Pace & { kind: 'pace' };

export interface PaceResult {
  /** What the sender reached: it sends less than the planned rate if the machine is too slow. */
  perSecond: number;
  /** When new links were accepted: the reference, and milliseconds since 1970. */
  links: [string, number][];
  /** When health data was accepted: the id of the summary, and milliseconds since 1970. */
  data: [string, number][];
}

const CONNECTIONS = 64;

/** Sends at the rate. @returns how many requests it has sent */
export async function sendAtPace(
  { origin, credentials, workload, perSecond, warmUpMs, durationMs }: Pace,
  onAccepted: (request: PlannedRequest) => void,
): Promise<number> {
  const pool = openPool(origin, CONNECTIONS);
  const startedAt = performance.now();
  const inFlight = new Set<Promise<void>>();
  const failures: Promise<void>[] = [];
  let sent = 0;
  try {
    for (let elapsed = 0; elapsed < warmUpMs + durationMs; elapsed = performance.now() - startedAt) {
      const due = (elapsed / 1_000) * perSecond;
      for (; sent < due && inFlight.size < CONNECTIONS; sent += 1) {
        const request = WORKLOADS[workload](credentials);
        const done = send(pool, request).then(() => {
          if (performance.now() - startedAt > warmUpMs) onAccepted(request);
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
  } finally {
    await pool.destroy();
  }
}

export async function runPace(task: PaceTask): Promise<PaceResult> {
  const links: [string, number][] = [];
  const data: [string, number][] = [];
  const sent = await sendAtPace(task, ({ connects, summaryId }) => {
    if (connects !== undefined) links.push([connects, epochMs()]);
    if (summaryId !== undefined) data.push([summaryId, epochMs()]);
  });
  return { perSecond: sent / ((task.warmUpMs + task.durationMs) / 1_000), links, data };
}
