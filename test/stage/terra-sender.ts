import { createHmac } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { STAGE_CREDENTIALS } from './service-process';

export interface Delivery {
  traceId: string;
  body: string;
  /** In milliseconds since the epoch. */
  occurredAt: number;
}

/** One attempt to deliver. `status` is null when no response came. */
export interface Attempt {
  traceId: string;
  status: number | null;
  retryAfter: string | null;
}

// Terra waits as long.
const TIMEOUT_MS = 8_000;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 2_000;

/** Delivers webhooks as Terra does: without a 2xx it sends the delivery again, with the same trace id. */
export class TerraSender {
  /** In the order of completion. */
  readonly attempts: Attempt[] = [];
  readonly acknowledged = new Set<string>();

  constructor(private readonly serviceUrl: () => string) {}

  /** Resolves when the delivery is acknowledged. Rejects when the signal aborts first. */
  async deliver(delivery: Delivery, signal: AbortSignal): Promise<void> {
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      if (await this.attempt(delivery)) return;
      await sleep(pauseMs * (0.5 + Math.random() / 2), undefined, { signal });
    }
  }

  /** @returns whether the service acknowledged the delivery */
  async attempt({ traceId, body, occurredAt }: Delivery): Promise<boolean> {
    const attempt: Attempt = { traceId, status: null, retryAfter: null };
    try {
      const answer = await fetch(`${this.serviceUrl()}/webhooks/terra`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'x-terra-signature': sign(body),
          'x-terra-trace-id': traceId,
          'x-terra-ordering-timestamp': String(occurredAt),
        },
        body,
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      attempt.status = answer.status;
      attempt.retryAfter = answer.headers.get('retry-after');
      await answer.arrayBuffer();
    } catch {
      // The service is down, or ended during its response. A status that arrived before that counts as an answer.
    }
    this.attempts.push(attempt);
    const isAcknowledged = attempt.status !== null && attempt.status >= 200 && attempt.status < 300;
    if (isAcknowledged) this.acknowledged.add(traceId);
    return isAcknowledged;
  }

  /** The number of attempts after the first attempt of each delivery. */
  get repeats(): number {
    return this.attempts.length - new Set(this.attempts.map(({ traceId }) => traceId)).size;
  }
}

/** The signature header `t=…,v1=…` as Terra documents it. */
function sign(body: string, seconds: number = Math.floor(Date.now() / 1_000)): string {
  const digest = createHmac('sha256', STAGE_CREDENTIALS.signingSecret)
    .update(`${seconds}.${body}`)
    .digest('hex');
  return `t=${seconds},v1=${digest}`;
}

/** Aborts after `ms`. Until then the sender repeats deliveries. */
export function deadlineIn(ms: number): AbortSignal {
  const signal = AbortSignal.timeout(ms);
  // Each delivery that waits for its next attempt adds a listener.
  setMaxListeners(0, signal);
  return signal;
}
