import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository, type EntityManager, type SelectQueryBuilder } from 'typeorm';
import { runIn } from '../database';
import { WebhookEvent, type WebhookEventStatus } from './webhook-event.entity';

/** What events may be narrowed to; all that is given must hold. */
export interface WebhookEventCriteria {
  ids?: string[];
  status?: WebhookEventStatus;
  type?: string;
  terraUserId?: string;
  referenceId?: string;
  receivedFrom?: Date;
  receivedTo?: Date;
  /** Only events that are older than this one. */
  beforeId?: string;
}

const CONDITIONS: Record<keyof WebhookEventCriteria, string> = {
  ids: 'event.id = ANY(:ids)',
  status: 'event.status = :status',
  type: 'event.type = :type',
  terraUserId: 'event.terraUserId = :terraUserId',
  referenceId: 'event.referenceId = :referenceId',
  receivedFrom: 'event.receivedAt >= :receivedFrom',
  receivedTo: 'event.receivedAt < :receivedTo',
  beforeId: 'event.id < :beforeId',
};

/** An event without its body, which may be of many MB. */
export type WebhookEventSummary = Omit<WebhookEvent, 'body' | 'signatureDigest' | 'dedupeKey'>;

const SUMMARY = (
  [
    ...['id', 'traceId', 'terraReference', 'signedAt', 'occurredAt', 'receivedAt'],
    ...['type', 'terraUserId', 'referenceId', 'status', 'attempts', 'nextAttemptAt', 'note', 'processedAt'],
    ...['replays', 'replayedAt', 'replayedBy'],
  ] as (keyof WebhookEventSummary)[]
).map((name) => `event.${name}`);

const OUTLINE = ['event.id', 'event.type', 'event.status', 'event.terraUserId'];
export type WebhookEventOutline = Pick<WebhookEvent, 'id' | 'type' | 'status' | 'terraUserId'>;

/** The SQL of those who look through past events and have them worked off again. */
@Injectable()
export class WebhookEventsRepository {
  constructor(@InjectRepository(WebhookEvent) private readonly events: Repository<WebhookEvent>) {}

  /** Newest first. */
  list(criteria: WebhookEventCriteria, limit: number): Promise<WebhookEventSummary[]> {
    const query = this.events.createQueryBuilder('event').select(SUMMARY);
    return narrow(query, criteria).orderBy('event.id', 'DESC').limit(limit).getMany();
  }

  /** Newest first; `stuck`: only those that are parked or dead. */
  listOfPerson(
    referenceId: string,
    terraUserIds: string[],
    limit: number,
    which: 'all' | 'stuck' = 'all',
  ): Promise<WebhookEventSummary[]> {
    const query = this.events
      .createQueryBuilder('event')
      .select(SUMMARY)
      .where('(event.referenceId = :referenceId OR event.terraUserId = ANY(:terraUserIds))', {
        referenceId,
        terraUserIds,
      });
    if (which === 'stuck') query.andWhere(`event.status IN ('parked', 'dead_lettered')`);
    return query.orderBy('event.id', 'DESC').limit(limit).getMany();
  }

  async lastReceivedAt(): Promise<Date | null> {
    const [newest] = await this.list({}, 1);
    return newest?.receivedAt ?? null;
  }

  find(id: string): Promise<WebhookEvent | null> {
    return this.events.findOneBy({ id });
  }

  async findUnknown(manager: EntityManager, ids: string[]): Promise<string[]> {
    const query = manager.createQueryBuilder(WebhookEvent, 'event').select('event.id');
    const known = new Set((await narrow(query, { ids }).getMany()).map(({ id }) => id));
    return ids.filter((id) => !known.has(id));
  }

  /** How many there are, and how many of them wait for the worker as it is. */
  async count(
    manager: EntityManager,
    criteria: WebhookEventCriteria,
  ): Promise<{ matched: number; waiting: number }> {
    const query = manager
      .createQueryBuilder(WebhookEvent, 'event')
      .select('count(*)::int', 'matched')
      .addSelect(`(count(*) FILTER (WHERE event.status = 'pending'))::int`, 'waiting');
    const counted = await narrow(query, criteria).getRawOne<{ matched: number; waiting: number }>();
    return counted ?? { matched: 0, waiting: 0 };
  }

  /** Those that do not wait for the worker, oldest first, as they were. */
  listSettled(
    manager: EntityManager,
    criteria: WebhookEventCriteria,
    limit: number,
  ): Promise<WebhookEventOutline[]> {
    return this.settled(manager, criteria, limit).getMany();
  }

  /** The same, locked, in one order: two that replay the same events do not stand in each other's way for ever. */
  lockSettled(
    manager: EntityManager,
    criteria: WebhookEventCriteria,
    limit: number,
  ): Promise<WebhookEventOutline[]> {
    return this.settled(manager, criteria, limit).setLock('pessimistic_write').getMany();
  }

  /** Makes settled events due again, behind what is due already. What they say, and since when, stays as it is. */
  async requeue(manager: EntityManager, ids: string[], actor: string, now: Date): Promise<void> {
    await runIn(
      manager,
      `UPDATE terra_connect.webhook_events SET status = 'pending', attempts = 0, next_attempt_at = $2, note = NULL,
          processed_at = NULL, replays = replays + 1, replayed_at = $2, replayed_by = $3
        WHERE id = ANY($1) AND status <> 'pending'`,
      [ids, now, actor],
    );
  }

  private settled(
    manager: EntityManager,
    criteria: WebhookEventCriteria,
    limit: number,
  ): SelectQueryBuilder<WebhookEvent> {
    const query = manager.createQueryBuilder(WebhookEvent, 'event').select(OUTLINE);
    return narrow(query, criteria)
      .andWhere(`event.status <> 'pending'`)
      .orderBy('event.id', 'ASC')
      .limit(limit);
  }
}

function narrow(
  query: SelectQueryBuilder<WebhookEvent>,
  criteria: WebhookEventCriteria,
): SelectQueryBuilder<WebhookEvent> {
  for (const name of Object.keys(CONDITIONS) as (keyof WebhookEventCriteria)[]) {
    if (criteria[name] != null) query.andWhere(CONDITIONS[name], { [name]: criteria[name] });
  }
  return query;
}
