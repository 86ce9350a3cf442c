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
import { inTransaction, isTransient } from '../database';
import { Metrics } from '../observability';
import { PollingWorker, retryDelayMs } from '../queue';
import { envelopeOf, isDataEvent, isLinkEvent, parseTerraEvent, type TerraEvent } from '../terra';
import {
  WebhookEventRepository,
  type EventOutcome,
  type LockedWebhookEvent,
} from './webhook-event.repository';
import { WebhookHandlers } from './webhook-handlers';

const IDLE_MS = 1_000;
const BATCH = 20;
/** About an hour in all: what fails that long needs a person. */
export const WEBHOOK_RETRY = { baseMs: 1_000, maxMs: 15 * 60_000, attempts: 12 };
const UNREADABLE: EventOutcome = {
  status: 'dead',
  note: 'not a Terra event in JSON',
  type: null,
  terraUserId: null,
};
const MAX_NOTE_LENGTH = 500;
const MAX_TYPE_LENGTH = 100;

/** Works the inbox off. All that an event changes is committed together with the event being marked, or nothing is. */
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

  /**
   * Works on the events that are due, up to a batch: one transaction, because the commit costs most, with a savepoint for
   * each event that changes anything, so that one that fails takes no other with it.
   *
   * @returns false when none was due
   */
  async runOnce(): Promise<boolean> {
    const failures: { event: LockedWebhookEvent; error: unknown }[] = [];
    const count = await inTransaction(this.dataSource, async (manager) => {
      failures.length = 0;
      const events = await this.repository.lockDue(manager, this.clock.now(), BATCH);
      for (const event of events) {
        const error = await this.attempt(manager, event);
        if (error !== null) failures.push({ event, error });
      }
      return events.length;
    });
    for (const { event, error } of failures) await this.recordFailure(event, error);
    return count > 0;
  }

  /** @returns what went wrong with this event, or null; troubles that are not the event's are thrown */
  private async attempt(manager: EntityManager, stored: LockedWebhookEvent): Promise<unknown> {
    const event = parseTerraEvent(stored.body ?? (await this.repository.readBody(manager, stored.id)));
    try {
      if (event && isLinkEvent(event.type)) {
        await manager.transaction((savepoint) => this.apply(savepoint, stored, event));
      } else await this.apply(manager, stored, event);
      return null;
    } catch (error) {
      if (isTransient(error) || isDatabaseUnavailable(error)) throw error;
      return error ?? new Error('unknown error');
    }
  }

  private async apply(
    manager: EntityManager,
    stored: LockedWebhookEvent,
    event: TerraEvent | null,
  ): Promise<void> {
    const now = this.clock.now();
    if (!event) {
      await this.repository.settle(manager, stored.id, UNREADABLE, now);
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

  private async recordFailure(event: LockedWebhookEvent, error: unknown): Promise<void> {
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
