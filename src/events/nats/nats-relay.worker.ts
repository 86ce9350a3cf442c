import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../../common';
import { NatsOptions } from '../../config';
import { Metrics } from '../../observability';
import { retryDelayMs, WorkerHost, type RetryPolicy } from '../../queue';
import { EventSequencer } from '../event-sequencer.worker';
import { NatsRelay } from './nats-relay.service';
import { NatsPublishError, toNatsError, type NatsFailure } from './nats.errors';

const NAME = 'event-nats-relay';
const IDLE_MS = 250;
const RETRIES: RetryPolicy = { baseMs: 500, maxMs: 30_000, attempts: Infinity };
const LOG_EVERY_MS = 60_000;

/**
 * Runs the relay. While NATS is away, events wait in the log: the process stays ready, and the relay tries again after growing
 * pauses. It logs each new cause at once, and the same one once a minute.
 */
@Injectable()
export class NatsRelayWorker {
  private readonly logger = new Logger(NAME);
  private failures = 0;
  private retryAt = 0;
  private logged: { failure: NatsFailure; at: number } | null = null;

  constructor(
    private readonly relay: NatsRelay,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
    sequencer: EventSequencer,
    workers: WorkerHost,
    options: NatsOptions,
  ) {
    if (options.servers.length === 0) return;
    workers.register({ name: NAME, idleMs: IDLE_MS, run: (signal) => this.runOnce(signal) });
    sequencer.onSequenced(() => workers.notify(NAME));
    metrics.beforeScrape(async () => {
      const { events, seconds } = await relay.lag();
      metrics.natsLagEvents.set(events);
      metrics.natsLagSeconds.set(seconds);
    });
  }

  /** @returns whether more events wait */
  async runOnce(signal: AbortSignal): Promise<boolean> {
    if (this.clock.now().getTime() < this.retryAt) return false;
    try {
      const batch = await this.relay.relayBatch(signal);
      if (!batch) return false;
      this.metrics.natsPublished.inc(batch.published);
      this.metrics.natsMissed.inc(batch.missed);
      if (this.failures > 0) this.logger.log({ event: 'event_relay.recovered', failures: this.failures });
      this.failures = 0;
      this.logged = null;
      return batch.more;
    } catch (error) {
      if (signal.aborted) return false;
      this.failed(asPublishError(error));
      return false;
    }
  }

  private failed(error: NatsPublishError): void {
    const now = this.clock.now().getTime();
    this.failures += 1;
    this.retryAt = now + retryDelayMs(RETRIES, this.failures);
    this.metrics.natsFailures.inc({ cause: error.failure });
    if (this.logged?.failure === error.failure && now - this.logged.at < LOG_EVERY_MS) return;
    this.logged = { failure: error.failure, at: now };
    const { failure, message, advice } = error;
    this.logger.error({
      event: 'event_relay.failed',
      cause: failure,
      failures: this.failures,
      problem: message,
      advice: `${advice} Events wait in the database; none is lost before RETENTION_EVENTS_DAYS.`,
    });
  }
}

/** @throws the error itself when it is not about NATS, for example because Postgres is down */
function asPublishError(error: unknown): NatsPublishError {
  if (error instanceof NatsPublishError) return error;
  // The deadline of a batch.
  if (error instanceof DOMException && error.name === 'TimeoutError') return toNatsError(error);
  throw error;
}
