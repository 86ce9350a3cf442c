import { Injectable, Logger } from '@nestjs/common';
import { Clock, isDatabaseDown, toStorable } from '../common';
import { Metrics } from '../observability';
import { retryDelayMs, WorkerHost } from '../queue';
import { parseTerraEvent } from '../terra';
import { labelsOf } from './event-labels';
import { WebhookInboxRepository, type LockedWebhookEvent } from './webhook-inbox.repository';
import { WebhookProcessorService } from './webhook-processor.service';

/** The name of the worker that processes the inbox. */
export const WEBHOOK_INBOX_WORKER = 'webhook-inbox';

const IDLE_MS = 1_000;
const BATCH = 20;
/** The attempts take up to an hour, half an hour on average. After that, the event needs an operator. */
export const WEBHOOK_RETRY = { baseMs: 1_000, maxMs: 15 * 60_000, attempts: 14 };
const MAX_NOTE_LENGTH = 500;

/** Processes pending events; an event's effects and its status commit together. */
@Injectable()
export class WebhookInboxWorker {
  private readonly logger = new Logger(WebhookInboxWorker.name);

  constructor(
    private readonly repository: WebhookInboxRepository,
    private readonly processor: WebhookProcessorService,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
    workers: WorkerHost,
  ) {
    workers.register({ name: WEBHOOK_INBOX_WORKER, idleMs: IDLE_MS, run: () => this.runOnce() });
    this.metrics.beforeScrape(async () => {
      const counts = await this.repository.countBacklog();
      for (const status of ['pending', 'parked', 'dead_lettered'] as const)
        this.metrics.webhookBacklog.set({ status }, counts[status] ?? 0);
    });
  }

  /**
   * Processes the events that are due, up to a batch.
   *
   * @returns false when no event was due
   */
  runOnce(): Promise<boolean> {
    return this.processBatch(BATCH);
  }

  private async processBatch(limit: number): Promise<boolean> {
    const taken: LockedWebhookEvent[] = [];
    try {
      const processed = await this.processor.processDue(limit, taken);
      for (const { type, outcome } of processed) this.metrics.webhookEvents.inc({ type, outcome });
    } catch (error) {
      const [first, second] = taken;
      // While the database is down, the failure cannot be stored either, and no event caused it.
      if (!first || isDatabaseDown(error)) throw error;
      // A batch of one has failed by itself, a lock timeout included. A larger batch is split to isolate the event.
      if (!second) await this.recordFailure(first, error);
      else for (let count = 0; count < BATCH && (await this.processBatch(1)); count += 1);
    }
    return taken.length > 0;
  }

  private async recordFailure(event: LockedWebhookEvent, error: unknown): Promise<void> {
    const attempt = event.attempts + 1;
    const deadLettered = attempt >= WEBHOOK_RETRY.attempts;
    const waitMs = retryDelayMs(WEBHOOK_RETRY, attempt);
    const parsed = event.body && parseTerraEvent(event.body);
    await this.repository.recordFailure(event, {
      note: toStorable(error instanceof Error ? error.message : 'unknown error', MAX_NOTE_LENGTH),
      nextAttemptAt: deadLettered ? null : new Date(this.clock.now().getTime() + waitMs),
      labels: parsed && labelsOf(parsed),
    });
    this.metrics.webhookEvents.inc({ type: 'any', outcome: deadLettered ? 'dead_lettered' : 'failed' });
    this.logger.error({
      event: 'webhook.failed',
      webhookEventId: event.id,
      attempt,
      deadLettered,
      err: error,
    });
  }
}
