import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { Clock, isDatabaseUnavailable } from '../common';
import { TERRA_CONNECT_OPTIONS, type TerraConnectOptions } from '../config';
import { inTransaction } from '../database';
import { Metrics } from '../observability';
import { PollingWorker, retryDelayMs } from '../queue';
import { envelopeOf, isDataEvent, parseTerraEvent } from '../terra';
import type { WebhookEvent } from './webhook-event.entity';
import { WebhookEventRepository, type EventOutcome } from './webhook-event.repository';
import { WebhookHandlers } from './webhook-handlers';

const IDLE_MS = 1_000;
/** About an hour in all: what fails that long needs a person. */
export const WEBHOOK_RETRY = { baseMs: 1_000, maxMs: 15 * 60_000, attempts: 12 };
const MAX_NOTE_LENGTH = 500;
const MAX_TYPE_LENGTH = 100;

/** Works the inbox off: one event, one transaction. All that the event changes is committed with it, or nothing. */
@Injectable()
export class WebhookWorker implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(WebhookWorker.name);
  private readonly loop = new PollingWorker({
    name: 'webhook-worker',
    idleMs: IDLE_MS,
    runOnce: () => this.runOnce(),
  });

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly repository: WebhookEventRepository,
    private readonly handlers: WebhookHandlers,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
    @Inject(TERRA_CONNECT_OPTIONS) private readonly options: TerraConnectOptions,
  ) {}

  onApplicationBootstrap(): void {
    if (this.options.workersEnabled) this.loop.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.loop.stop();
  }

  notify(): void {
    this.loop.notify();
  }

  /** Works on one event. @returns false when none was due */
  async runOnce(): Promise<boolean> {
    const attempt: { event: WebhookEvent | null } = { event: null };
    try {
      await inTransaction(this.dataSource, async (manager) => {
        attempt.event = await this.repository.lockNextDue(manager, this.clock.now());
        if (attempt.event) await this.apply(manager, attempt.event);
      });
    } catch (error) {
      // Without a database nothing can be noted either, and the event is not to blame.
      if (!attempt.event || isDatabaseUnavailable(error)) throw error;
      await this.fail(attempt.event, error);
    }
    return attempt.event !== null;
  }

  private async apply(manager: EntityManager, stored: WebhookEvent): Promise<void> {
    const now = this.clock.now();
    const event = parseTerraEvent(stored.body);
    if (!event) {
      const outcome: EventOutcome = {
        status: 'dead',
        note: 'not a Terra event in JSON',
        type: null,
        terraUserId: null,
      };
      await this.repository.settle(manager, stored.id, outcome, now);
      this.metrics.webhookEvents.inc({ type: 'unreadable', outcome: 'dead' });
      return;
    }
    const occurredAt = stored.orderingAt ?? stored.signedAt;
    const { status, note, linkedTerraUserId } = await this.handlers.handle(manager, event, occurredAt);
    if (linkedTerraUserId) await this.repository.unpark(manager, linkedTerraUserId, now);
    await this.repository.settle(
      manager,
      stored.id,
      {
        status,
        note,
        type: event.sentType.slice(0, MAX_TYPE_LENGTH),
        terraUserId: (event.user ?? event.newUser)?.terraUserId ?? null,
        ...(isDataEvent(event.type) ? { body: envelopeOf(event) } : {}),
      },
      now,
    );
    this.metrics.webhookEvents.inc({ type: event.type ?? 'unknown', outcome: status });
  }

  private async fail(event: WebhookEvent, error: unknown): Promise<void> {
    const attempt = event.attempts + 1;
    const dead = attempt >= WEBHOOK_RETRY.attempts;
    const waitMs = retryDelayMs(WEBHOOK_RETRY, attempt);
    await this.repository.recordFailure(event, {
      note: (error instanceof Error ? error.message : 'unknown error').slice(0, MAX_NOTE_LENGTH),
      nextAttemptAt: dead ? null : new Date(this.clock.now().getTime() + waitMs),
    });
    this.metrics.webhookEvents.inc({ type: 'any', outcome: dead ? 'dead' : 'failed' });
    this.logger.error({ event: 'webhook.failed', webhookEventId: event.id, attempt, dead, err: error });
  }
}
