import { Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { validate as isUuid } from 'uuid';
import { Clock, RequestInvalidError } from '../common';
import { inTransaction } from '../database';
import { decodeCursor, toPage, type Page } from '../http';
import type { WebhookEvent } from './webhook-event.entity';
import {
  WebhookEventsRepository,
  type WebhookEventCriteria,
  type WebhookEventOutline,
  type WebhookEventSummary,
} from './webhook-events.repository';
import { WebhookEventNotFoundError } from './webhooks.errors';

export type WebhookEventFilter = Omit<WebhookEventCriteria, 'ids' | 'beforeId'>;

/** Which events to replay: those with the ids, or all that match the filter. */
export interface ReplayRequest {
  ids?: string[];
  filter?: WebhookEventFilter;
  /** The maximum number of events, oldest first. */
  limit: number;
  /** Whether to report the events without replaying them. */
  dryRun: boolean;
}

export interface ReplayReport {
  dryRun: boolean;
  matched: number;
  /** In a dry run: how many would be replayed. */
  replayed: number;
  /** How many were pending already. */
  skipped: number;
  /** How many were left because of the limit. */
  remaining: number;
  /** The replayed events as they were before. */
  events: WebhookEventOutline[];
}

/**
 * Reads and replays stored webhook events, for operators. It does not notify the worker, which may run in another
 * process and looks for due events every second.
 */
@Injectable()
export class WebhookEventsService {
  private readonly logger = new Logger(WebhookEventsService.name);

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly repository: WebhookEventsRepository,
    private readonly clock: Clock,
  ) {}

  /** Lists events, newest first, without their bodies. */
  async list(
    filter: WebhookEventFilter & { limit: number; cursor?: string },
  ): Promise<Page<WebhookEventSummary>> {
    const { limit, cursor, ...criteria } = filter;
    const beforeId = cursor === undefined ? undefined : decodeCursor(cursor);
    return toPage(await this.repository.list({ ...criteria, beforeId }, limit + 1), limit);
  }

  /**
   * Lists the newest events about an end user or its Terra users, and also the newest parked and dead-lettered events
   * if they are older. The order is newest first, and the events have no bodies.
   */
  async listOfEndUser(
    referenceId: string,
    terraUserIds: string[],
    limit: number,
  ): Promise<WebhookEventSummary[]> {
    const unapplied = await this.repository.listOfEndUser(referenceId, terraUserIds, limit, 'unapplied');
    const newest = await this.repository.listOfEndUser(referenceId, terraUserIds, limit);
    const byId = new Map([...unapplied, ...newest].map((event) => [event.id, event]));
    return [...byId.values()].sort((a, b) => (a.id < b.id ? 1 : -1));
  }

  /** When the service last stored a webhook, about any end user; null: never. */
  lastReceivedAt(): Promise<Date | null> {
    return this.repository.lastReceivedAt();
  }

  /** @throws WebhookEventNotFoundError */
  async get(id: string): Promise<WebhookEvent> {
    const event = isUuid(id) ? await this.repository.find(id) : null;
    if (!event) throw new WebhookEventNotFoundError([id]);
    return event;
  }

  /**
   * Replays events. Their facts keep the time at which they occurred, so they never override newer facts (T-25).
   *
   * @param actor who requests the replay: an API key's id, or `cli`
   * @throws WebhookEventNotFoundError when one of the ids is unknown; then no event is replayed
   */
  async replay(request: ReplayRequest, actor: string): Promise<ReplayReport> {
    const { dryRun, limit } = request;
    const criteria = readSelection(request);
    const report = await inTransaction(this.dataSource, async (manager) => {
      await this.assertKnown(manager, criteria.ids ?? []);
      const { matched, pending: skipped } = await this.repository.count(manager, criteria);
      const events = await this.repository.listNotPending(manager, criteria, { limit, lock: !dryRun });
      const ids = events.map(({ id }) => id);
      if (!dryRun) await this.repository.requeue(manager, ids, actor, this.clock.now());
      const replayed = events.length;
      // Another replay may have taken some of the events since the count.
      const remaining = Math.max(0, matched - skipped - replayed);
      return { dryRun, matched, replayed, skipped, remaining, events };
    });
    // Logs only the names of the criteria, because their values name end users.
    const by = Object.keys(criteria).sort();
    if (!dryRun) this.logger.log({ event: 'webhook_events.replayed', count: report.replayed, actor, by });
    return report;
  }

  private async assertKnown(manager: EntityManager, ids: string[]): Promise<void> {
    const unknown = ids.length === 0 ? [] : await this.repository.findUnknown(manager, ids);
    if (unknown.length > 0) throw new WebhookEventNotFoundError(unknown);
  }
}

/** Requires `ids` or a filter with at least one field, so that no request replays all events by mistake. */
function readSelection({ ids, filter }: ReplayRequest): WebhookEventCriteria {
  // null means the same as an absent field.
  const given = Object.entries(filter ?? {}).filter(([, value]) => value != null);
  const criteria: WebhookEventCriteria = Object.fromEntries(given);
  if (ids && filter) reject('filter', 'cannot be combined with ids');
  if (ids) return { ids: [...new Set(ids.map((id) => id.toLowerCase()))] };
  if (!filter) reject('ids', 'must be given if there is no filter');
  if (given.length === 0) reject('filter', 'must have at least one field');
  return criteria;
}

function reject(field: string, detail: string): never {
  throw new RequestInvalidError([{ field, detail }]);
}
