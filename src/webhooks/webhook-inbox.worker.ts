import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { Clock, isConnectionLost } from '../common';
import { TERRA_CONNECT_OPTIONS, type TerraConnectOptions } from '../config';
import { ConnectionsService } from '../connections';
import { inTransaction } from '../database';
import { Metrics } from '../observability';
import { PollingWorker, retryDelayMs } from '../queue';
import { envelopeOf, mayHoldHealthData, parseTerraEvent, type TerraEvent } from '../terra';
import { labelsOf } from './event-labels';
import { erasedBody, WebhookErasureCheck, type ErasedPart } from './webhook-erasure';
import { WebhookErasureRepository } from './webhook-erasure.repository';
import { HAS_BEEN_ERASED } from './webhook-event.entity';
import {
  WebhookInboxRepository,
  type EventOutcome,
  type LockedWebhookEvent,
} from './webhook-inbox.repository';
import { WebhookHandlers } from './webhook-handlers';

const IDLE_MS = 1_000;
const PARKING_IDLE_MS = 10_000;
const BATCH = 20;
/** Up to an hour in all, half of it on average: what fails that long needs a person. */
export const WEBHOOK_RETRY = { baseMs: 1_000, maxMs: 15 * 60_000, attempts: 14 };
const PARKED_BATCH = 1_000;
const UNREADABLE: EventOutcome = {
  status: 'dead_lettered',
  note: 'not a Terra event in JSON',
  type: null,
  terraUserId: null,
};
const MAX_NOTE_LENGTH = 500;

/** Works the inbox off. All that an event changes is committed together with the event being marked, or nothing is. */
@Injectable()
export class WebhookInboxWorker implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(WebhookInboxWorker.name);
  private readonly loop = new PollingWorker({
    name: 'webhook-worker',
    idleMs: IDLE_MS,
    runOnce: () => this.runOnce(),
  });
  private readonly parking = new PollingWorker({
    name: 'parked-webhooks',
    idleMs: PARKING_IDLE_MS,
    runOnce: () => this.releaseParked(),
  });

  private lookedAtUntil = '';

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly repository: WebhookInboxRepository,
    private readonly handlers: WebhookHandlers,
    private readonly erasures: WebhookErasureCheck,
    private readonly blanks: WebhookErasureRepository,
    private readonly connections: ConnectionsService,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
    @Inject(TERRA_CONNECT_OPTIONS) private readonly options: TerraConnectOptions,
  ) {}

  onApplicationBootstrap(): void {
    if (!this.options.workersEnabled) return;
    this.loop.start();
    this.parking.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all([this.loop.stop(), this.parking.stop()]);
  }

  notify(): void {
    this.loop.notify();
  }

  /**
   * Works on the events that are due, up to a batch.
   *
   * @returns false when none was due
   */
  runOnce(): Promise<boolean> {
    return this.work(BATCH);
  }

  /**
   * Events that waited for their Terra user to have an owner are worked off again, whoever brought the owner: another
   * webhook, a landing, or a list of Terra's.
   *
   * @returns false when none was waiting for nothing
   */
  async releaseParked(): Promise<boolean> {
    // Some may wait for ever: each look begins where the last one stopped.
    const waiting = await this.repository.parkedTerraUsers(this.lookedAtUntil, PARKED_BATCH);
    this.lookedAtUntil = waiting.length === PARKED_BATCH ? (waiting.at(-1) ?? '') : '';
    const owned = await this.connections.ownedAmong(waiting);
    if (owned.length === 0) return false;
    await this.repository.unpark(owned, this.clock.now());
    this.loop.notify();
    return true;
  }

  private async work(limit: number): Promise<boolean> {
    const taken: LockedWebhookEvent[] = [];
    try {
      await this.applyAll(limit, taken);
    } catch (error) {
      const [first, second] = taken;
      // Without a connection nothing can be noted either, and no event is to blame.
      if (!first || isConnectionLost(error)) throw error;
      // Whatever a lone event fails with is its own failure, a lock that it did not get in time among it. Of several, one
      // took the others with it: one at a time finds out which, and lets the others through.
      if (!second) await this.recordFailure(first, error);
      else for (let count = 0; count < BATCH && (await this.work(1)); count += 1);
    }
    return taken.length > 0;
  }

  /** One transaction, since the commit costs most: all of the events, or none. */
  private async applyAll(limit: number, taken: LockedWebhookEvent[]): Promise<void> {
    const outcomes = await inTransaction(this.dataSource, async (manager) => {
      await this.erasures.shareErasureLock(manager);
      taken.splice(0, Infinity, ...(await this.repository.lockDue(manager, this.clock.now(), limit)));
      const labels: { type: string; outcome: string }[] = [];
      for (const event of taken) labels.push(await this.apply(manager, event));
      return labels;
    });
    for (const outcome of outcomes) this.metrics.webhookEvents.inc(outcome);
  }

  private async apply(
    manager: EntityManager,
    stored: LockedWebhookEvent,
  ): Promise<{ type: string; outcome: string }> {
    const now = this.clock.now();
    const event = parseTerraEvent(stored.body ?? (await this.repository.readBody(manager, stored.id)));
    if (!event) {
      await this.repository.settle(manager, stored.id, UNREADABLE, now);
      return { type: 'unreadable', outcome: UNREADABLE.status };
    }
    const at = stored.occurredAt ?? stored.signedAt;
    const erased = await this.erasures.erasedPart(manager, event, at);
    const { status, note } = await this.handlers.handle(manager, { event, at, eventId: stored.id });
    const labels = labelsOf(event);
    if (erased === 'all' || note === HAS_BEEN_ERASED) {
      await this.blanks.blank(manager, stored.id, labels.type, erasedBody(labels.type), now);
      return { type: event.type ?? 'unknown', outcome: 'ignored' };
    }
    const body = bodyToKeep(event, erased);
    await this.repository.settle(manager, stored.id, { status, note, ...labels, ...body }, now);
    return { type: event.type ?? 'unknown', outcome: status };
  }

  private async recordFailure(event: LockedWebhookEvent, error: unknown): Promise<void> {
    const attempt = event.attempts + 1;
    const dead = attempt >= WEBHOOK_RETRY.attempts;
    const waitMs = retryDelayMs(WEBHOOK_RETRY, attempt);
    await this.repository.recordFailure(event, {
      note: (error instanceof Error ? error.message : 'unknown error').slice(0, MAX_NOTE_LENGTH),
      nextAttemptAt: dead ? null : new Date(this.clock.now().getTime() + waitMs),
    });
    this.metrics.webhookEvents.inc({ type: 'any', outcome: dead ? 'dead_lettered' : 'failed' });
    this.logger.error({ event: 'webhook.failed', webhookEventId: event.id, attempt, dead, err: error });
  }
}

// Health data is not ours to keep, nor is whose place somebody took who was erased.
function bodyToKeep(event: TerraEvent, erased: ErasedPart): { body?: Buffer } {
  if (erased === 'some') return { body: erasedBody(labelsOf(event).type) };
  return mayHoldHealthData(event.type) ? { body: envelopeOf(event) } : {};
}
