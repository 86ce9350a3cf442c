import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, In, type EntityManager } from 'typeorm';
import { columnsOf, runSql } from '../database';
import { WebhookEvent, type WebhookEventStatus } from './webhook-event.entity';

/** The filters for stored events. An event must match all given filters. */
export interface WebhookEventCriteria {
  ids?: string[];
  status?: WebhookEventStatus;
  type?: string;
  terraUserId?: string;
  referenceId?: string;
  receivedFrom?: Date;
  receivedTo?: Date;
  /** Only events that are older than the event with this id. */
  beforeId?: string;
}

const CONDITIONS: Record<keyof WebhookEventCriteria, (parameter: string) => string> = {
  ids: (parameter) => `id = ANY(${parameter}::uuid[])`,
  status: (parameter) => `status = ${parameter}`,
  type: (parameter) => `type = ${parameter}`,
  terraUserId: (parameter) => `terra_user_id = ${parameter}`,
  referenceId: (parameter) => `reference_id = ${parameter}`,
  receivedFrom: (parameter) => `received_at >= ${parameter}`,
  receivedTo: (parameter) => `received_at < ${parameter}`,
  beforeId: (parameter) => `id < ${parameter}`,
};

/** An event without its body, which may have many MB. */
export type WebhookEventSummary = Omit<WebhookEvent, 'body'>;

export type WebhookEventOutline = Pick<WebhookEvent, 'id' | 'type' | 'status' | 'terraUserId'>;

const NOT_IN_SUMMARY = ['body'];
const OUTLINE = 'id, type, status, terra_user_id AS "terraUserId"';

/** The SQL that reads and replays stored events. */
@Injectable()
export class WebhookEventsRepository {
  private readonly summary: string;

  constructor(@InjectDataSource() private readonly dataSource: DataSource) {
    this.summary = columnsOf(dataSource, WebhookEvent, NOT_IN_SUMMARY);
  }

  /** Lists events, newest first. */
  async list(criteria: WebhookEventCriteria, limit: number): Promise<WebhookEventSummary[]> {
    const { where, values } = conditionsOf(criteria);
    const { rows } = await runSql<WebhookEventSummary>(
      this.dataSource,
      `SELECT ${this.summary} FROM terra_connect.webhook_events
        WHERE ${where} ORDER BY id DESC LIMIT $${values.length + 1}`,
      [...values, limit],
    );
    return rows;
  }

  /** Lists the events about an end user, newest first; `unapplied`: only parked and dead-lettered events. */
  async listOfEndUser(
    referenceId: string,
    terraUserIds: string[],
    limit: number,
    which: 'all' | 'unapplied' = 'all',
  ): Promise<WebhookEventSummary[]> {
    const only = which === 'unapplied' ? ` AND status IN ('parked', 'dead_lettered')` : '';
    const { rows } = await runSql<WebhookEventSummary>(
      this.dataSource,
      `SELECT ${this.summary} FROM terra_connect.webhook_events
        WHERE (reference_id = $1 OR terra_user_id = ANY($2))${only} ORDER BY id DESC LIMIT $3`,
      [referenceId, terraUserIds, limit],
    );
    return rows;
  }

  async lastReceivedAt(): Promise<Date | null> {
    const [newest] = await this.list({}, 1);
    return newest?.receivedAt ?? null;
  }

  find(id: string): Promise<WebhookEvent | null> {
    return this.dataSource.manager.findOneBy(WebhookEvent, { id });
  }

  async findUnknown(manager: EntityManager, ids: string[]): Promise<string[]> {
    const found = await manager.find(WebhookEvent, { select: { id: true }, where: { id: In(ids) } });
    const known = new Set(found.map(({ id }) => id));
    return ids.filter((id) => !known.has(id));
  }

  /** How many events match, and how many of these are pending already. */
  async count(
    manager: EntityManager,
    criteria: WebhookEventCriteria,
  ): Promise<{ matched: number; pending: number }> {
    const { where, values } = conditionsOf(criteria);
    const { rows } = await runSql<{ matched: number; pending: number }>(
      manager,
      `SELECT count(*)::int AS matched, (count(*) FILTER (WHERE status = 'pending'))::int AS pending
        FROM terra_connect.webhook_events WHERE ${where}`,
      values,
    );
    return rows[0] ?? { matched: 0, pending: 0 };
  }

  /**
   * The events that are not pending, oldest first.
   *
   * @param lock whether to lock the events, in one order, so that two replays of the same events do not deadlock
   */
  async listNotPending(
    manager: EntityManager,
    criteria: WebhookEventCriteria,
    { limit, lock }: { limit: number; lock: boolean },
  ): Promise<WebhookEventOutline[]> {
    const { where, values } = conditionsOf(criteria);
    const { rows } = await runSql<WebhookEventOutline>(
      manager,
      `SELECT ${OUTLINE} FROM terra_connect.webhook_events
        WHERE ${where} AND status <> 'pending' ORDER BY id LIMIT $${values.length + 1}${lock ? ' FOR UPDATE' : ''}`,
      [...values, limit],
    );
    return rows;
  }

  /** Makes processed events due again, after the events that are due already. Body and times stay unchanged. */
  async requeue(manager: EntityManager, ids: string[], actor: string, now: Date): Promise<void> {
    await runSql(
      manager,
      `UPDATE terra_connect.webhook_events SET status = 'pending', attempts = 0, next_attempt_at = $2, note = NULL,
          processed_at = NULL, replays = replays + 1, replayed_at = $2, replayed_by = $3
        WHERE id = ANY($1) AND status <> 'pending'`,
      [ids, now, actor],
    );
  }
}

function conditionsOf(criteria: WebhookEventCriteria): { where: string; values: unknown[] } {
  const given = (Object.keys(CONDITIONS) as (keyof WebhookEventCriteria)[]).filter(
    (name) => criteria[name] != null,
  );
  const conditions = given.map((name, index) => CONDITIONS[name](`$${index + 1}`));
  return {
    where: conditions.length > 0 ? conditions.join(' AND ') : 'true',
    values: given.map((name) => criteria[name]),
  };
}
