import { randomUUID } from 'node:crypto';
import { EventEmitter, once, setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Behaviour } from '../behaviour';
import type { Delivery, EmitOptions } from './delivery';
import { createAgents, post } from './http-post';
import { webhookHeaders } from './webhook-headers';

export interface DispatcherOptions {
  behaviour: Behaviour;
  signingSecret: string;
  url: string | undefined;
  now: () => number;
  log: (line: string) => void;
}

/** Work in the background: the attempts of one delivery, or one reordered burst. */
interface Run {
  /** Time of its next step, by the real clock. */
  dueAt: number;
  /** Never rejects. */
  ended: Promise<void>;
}

const MAX_DELIVERIES = 500;
const MAX_BODY_BYTES = 64 * 1_024 * 1_024;
/** Long enough for a burst such as auth and user_reauth. A single webhook is late by the same time. */
const REORDER_WINDOW_MS = 100;

/** Sends webhooks as Terra does: signed, and retried until a 2xx answer. Keeps their history. */
export class WebhookDispatcher {
  readonly deliveries: Delivery[] = [];
  private url: string | undefined;
  private readonly runs = new Set<Run>();
  private readonly changes = new EventEmitter().setMaxListeners(0);
  private readonly overrides = new WeakMap<Delivery, EmitOptions>();
  private readonly agents = createAgents();
  private stop = newStop();
  private burst: Delivery[] = [];
  /** Of the deliveries in the history. */
  private bodyBytes = 0;

  constructor(private readonly options: DispatcherOptions) {
    this.url = options.url;
  }

  setUrl(url: string | undefined): void {
    this.url = url;
  }

  send(event: object, options: EmitOptions = {}): Delivery {
    const at = this.options.now();
    const delivery: Delivery = {
      id: randomUUID(),
      type: 'type' in event && typeof event.type === 'string' ? event.type : 'unknown',
      body: options.rawBody ?? JSON.stringify(event),
      traceId: options.traceId ?? randomUUID(),
      reference: options.reference ?? randomUUID(),
      orderingTimestamp: options.orderingTimestamp ?? at,
      createdAt: at,
      state: 'waiting',
      attempts: [],
    };
    this.overrides.set(delivery, options);
    this.remember(delivery);
    this.dispatch(delivery, options.delayMs ?? 0);
    return delivery;
  }

  /**
   * Sends a delivery again, as Terra's dashboard does: same payload and trace id, new signature. The `webhooks` switch
   * has no effect.
   */
  resend(deliveryId: string): Delivery {
    const delivery = this.deliveries.find(({ id }) => id === deliveryId);
    if (!delivery) throw new Error(`There is no delivery ${deliveryId}.`);
    this.start(delivery, 0);
    return delivery;
  }

  async idle({ horizonMs = Infinity, timeoutMs = 10_000 } = {}): Promise<void> {
    const deadline = AbortSignal.timeout(timeoutMs);
    while ([...this.runs].some((run) => run.dueAt - Date.now() <= horizonMs)) {
      try {
        await once(this.changes, 'change', { signal: AbortSignal.any([deadline, this.stop.signal]) });
      } catch {
        if (this.stop.signal.aborted) return;
        const open = this.deliveries.filter(({ state }) => state === 'waiting' || state === 'retrying');
        throw new Error(
          `Webhooks are still in flight after ${timeoutMs} ms: ${open.map(({ type }) => type).join(', ')}`,
        );
      }
    }
  }

  /** Drops all webhooks in flight and clears the history. */
  reset(): void {
    this.stop.abort();
    this.stop = newStop();
    this.runs.clear();
    this.burst = [];
    this.deliveries.length = 0;
    this.bodyBytes = 0;
  }

  close(): void {
    this.stop.abort();
    this.agents.http.destroy();
    this.agents.https.destroy();
  }

  private remember(delivery: Delivery): void {
    this.deliveries.push(delivery);
    this.bodyBytes += delivery.body.length;
    while (this.deliveries.length > MAX_DELIVERIES || this.bodyBytes > MAX_BODY_BYTES) {
      this.bodyBytes -= this.deliveries.shift()?.body.length ?? 0;
    }
  }

  private dispatch(delivery: Delivery, extraDelayMs: number): void {
    const { webhooks, webhookDelayMs } = this.options.behaviour;
    const delayMs = webhookDelayMs + extraDelayMs;
    if (webhooks === 'off' || !this.url) {
      delivery.state = 'dropped';
      this.options.log(`webhook ${delivery.type} dropped (${this.url ? 'webhooks are off' : 'no URL'})`);
      return;
    }
    if (webhooks === 'reordered') {
      this.joinBurst(delivery, delayMs);
      return;
    }
    this.start(delivery, delayMs);
    if (webhooks === 'duplicated') this.start(delivery, delayMs);
  }

  /** Collects the webhooks of a short window and delivers them in reverse order, one after the other. */
  private joinBurst(delivery: Delivery, delayMs: number): void {
    const opensBurst = this.burst.length === 0;
    this.burst.push(delivery);
    if (!opensBurst) return;
    this.track(async (run) => {
      await this.waitUntilDue(run, delayMs + REORDER_WINDOW_MS);
      const burst = this.burst.reverse();
      this.burst = [];
      for (const next of burst) await this.start(next, 0).ended;
    });
  }

  private start(delivery: Delivery, delayMs: number): Run {
    delivery.state = 'waiting';
    return this.track(async (run) => {
      await this.waitUntilDue(run, delayMs);
      await this.deliver(delivery, run);
    });
  }

  /** Keeps a run until its end, so that `idle` can wait for the run, and logs its error. */
  private track(work: (run: Run) => Promise<void>): Run {
    const { signal } = this.stop;
    const run: Run = { dueAt: Date.now(), ended: Promise.resolve() };
    this.runs.add(run);
    run.ended = work(run)
      .catch((error: unknown) => {
        if (!signal.aborted) this.options.log(`webhook run failed: ${String(error)}`);
      })
      .finally(() => {
        this.runs.delete(run);
        this.changes.emit('change');
      });
    return run;
  }

  private async waitUntilDue(run: Run, delayMs: number): Promise<void> {
    run.dueAt = Date.now() + delayMs;
    this.changes.emit('change');
    if (delayMs > 0) await sleep(delayMs, undefined, { signal: this.stop.signal });
    run.dueAt = Date.now();
  }

  private async deliver(delivery: Delivery, run: Run): Promise<void> {
    const signal = this.stop.signal;
    const signedAt = this.options.now();
    for (let retry = 0; ; retry += 1) {
      const { retryBaseMs, retryCapMs, retryLimit } = this.options.behaviour;
      if (await this.attempt(delivery, signedAt)) return;
      signal.throwIfAborted();
      if (retry >= retryLimit) {
        delivery.state = 'given-up';
        return;
      }
      delivery.state = 'retrying';
      await this.waitUntilDue(run, Math.min(retryBaseMs * 2 ** retry, retryCapMs));
    }
  }

  private async attempt(delivery: Delivery, firstSignedAt: number): Promise<boolean> {
    // Retries go to the URL that is configured now, as Terra's do.
    const url = this.url;
    const at = this.options.now();
    if (!url) {
      delivery.attempts.push({ at, status: null, error: 'no webhook URL is set' });
      return false;
    }
    delivery.state = 'sending';
    const { retryTimestamp, webhookTimeoutMs: timeoutMs } = this.options.behaviour;
    const headers = webhookHeaders(delivery, this.overrides.get(delivery) ?? {}, {
      behaviour: this.options.behaviour,
      secret: this.options.signingSecret,
      signedAt: retryTimestamp === 'original' ? firstSignedAt : at,
    });
    const { signal } = this.stop;
    try {
      const status = await post(url, delivery.body, { headers, timeoutMs, signal, agents: this.agents });
      delivery.attempts.push({ at, status });
      this.options.log(`webhook ${delivery.type} → ${status}`);
      if (status < 200 || status > 299) return false;
      delivery.state = 'delivered';
      return true;
    } catch (error) {
      delivery.attempts.push({
        at,
        status: null,
        error: error instanceof Error ? error.message : String(error),
      });
      if (!signal.aborted) this.options.log(`webhook ${delivery.type} → ${String(error)}`);
      return false;
    }
  }
}

/** Each waiting webhook listens to the signal; a history has a hundred of them. */
function newStop(): AbortController {
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  return stop;
}
