import { Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { validate as isUuid } from 'uuid';
import { Clock, RequestInvalidError } from '../common';
import { inTransaction } from '../database';
import {
  WebhookEventsRepository,
  type WebhookEventCriteria,
  type WebhookEventOutline,
  type WebhookEventSummary,
} from './webhook-events.repository';
import type { WebhookEvent } from './webhook-event.entity';
import { WebhookEventNotFoundError } from './webhooks.errors';
import { decodeCursor, toPage, type Page } from '../http';

export type WebhookEventFilter = Omit<WebhookEventCriteria, 'ids' | 'beforeId'>;

/** Which events to work off again: these, or all that a filter finds. */
export interface ReplayRequest {
  ids?: string[];
  filter?: WebhookEventFilter;
  /** How many at the most, oldest first. */
  limit: number;
  /** Only says what would be done. */
  dryRun: boolean;
}

export interface ReplayReport {
  dryRun: boolean;
  matched: number;
  /** In a dry run: that would be. */
  replayed: number;
  /** Waited for the worker already. */
  skipped: number;
  /** Left alone because of the limit. */
  remaining: number;
  /** Those that are worked off again, as they were before. */
  events: WebhookEventOutline[];
}

/**
 * The webhooks of the past, for admins. It knows nothing of the worker, which need not run in this process: wherever it
 * runs, it finds within a second what is due.
 */
@Injectable()
export class WebhookEventsService {
  private readonly logger = new Logger(WebhookEventsService.name);

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly repository: WebhookEventsRepository,
    private readonly clock: Clock,
  ) {}

  /** Newest first, without their bodies. */
  async list(
    filter: WebhookEventFilter & { limit: number; cursor?: string },
  ): Promise<Page<WebhookEventSummary>> {
    const { limit, cursor, ...criteria } = filter;
    const beforeId = cursor === undefined ? undefined : decodeCursor(cursor);
    return toPage(await this.repository.list({ ...criteria, beforeId }, limit + 1), limit);
  }

  /**
   * The newest about an end user or one of the Terra users, and the newest of those that are parked or dead, however old
   * they are. Newest first, without their bodies.
   */
  async listOfPerson(
    referenceId: string,
    terraUserIds: string[],
    limit: number,
  ): Promise<WebhookEventSummary[]> {
    const stuck = await this.repository.listOfPerson(referenceId, terraUserIds, limit, 'stuck');
    const newest = await this.repository.listOfPerson(referenceId, terraUserIds, limit);
    const byId = new Map([...stuck, ...newest].map((event) => [event.id, event]));
    return [...byId.values()].sort((a, b) => (a.id < b.id ? 1 : -1));
  }

  /** When any webhook was last stored; null: never. */
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
   * Has events worked off again. They keep the time at which they happened, so that one that is older than what is known
   * changes nothing now either (T-25).
   *
   * @param actor who asks: an API key's id, or `cli`
   * @throws WebhookEventNotFoundError when one of the ids is nobody's; then none is replayed
   */
  async replay(request: ReplayRequest, actor: string): Promise<ReplayReport> {
    const { dryRun, limit } = request;
    const criteria = readSelection(request);
    const report = await inTransaction(this.dataSource, async (manager) => {
      await this.refuseUnknown(manager, criteria.ids ?? []);
      const { matched, waiting: skipped } = await this.repository.count(manager, criteria);
      const events = dryRun
        ? await this.repository.listSettled(manager, criteria, limit)
        : await this.requeue(manager, criteria, limit, actor);
      const replayed = events.length;
      // Others may have replayed some of them since they were counted.
      const remaining = Math.max(0, matched - skipped - replayed);
      return { dryRun, matched, replayed, skipped, remaining, events };
    });
    // By which fields, and not with which values: those name people.
    const by = Object.keys(criteria).sort();
    if (!dryRun) this.logger.log({ event: 'webhook_events.replayed', count: report.replayed, actor, by });
    return report;
  }

  private async refuseUnknown(manager: EntityManager, ids: string[]): Promise<void> {
    const unknown = ids.length === 0 ? [] : await this.repository.findUnknown(manager, ids);
    if (unknown.length > 0) throw new WebhookEventNotFoundError(unknown);
  }

  private async requeue(
    manager: EntityManager,
    criteria: WebhookEventCriteria,
    limit: number,
    actor: string,
  ): Promise<WebhookEventOutline[]> {
    const events = await this.repository.lockSettled(manager, criteria, limit);
    const ids = events.map(({ id }) => id);
    await this.repository.requeue(manager, ids, actor, this.clock.now());
    return events;
  }
}

/** Exactly one of the two, and something to go by: "everything" is never meant, and easily said. */
function readSelection({ ids, filter }: ReplayRequest): WebhookEventCriteria {
  // null says the same as leaving a field out.
  const given = Object.entries(filter ?? {}).filter(([, value]) => value != null);
  const criteria: WebhookEventCriteria = Object.fromEntries(given);
  if (ids && filter) refuse('filter', 'cannot be combined with ids');
  if (ids) return { ids: [...new Set(ids.map((id) => id.toLowerCase()))] };
  if (!filter) refuse('ids', 'or a filter must say which events are meant');
  if (given.length === 0) refuse('filter', 'must name at least one thing to go by');
  return criteria;
}

function refuse(field: string, detail: string): never {
  throw new RequestInvalidError([{ field, detail }]);
}
