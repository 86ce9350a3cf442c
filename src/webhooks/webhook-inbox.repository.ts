import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, In, type EntityManager } from 'typeorm';
import { inBatches, runSql } from '../database';
import type { EventLabels } from './event-labels';
import { LARGE_BODY_BYTES } from './lane';
import { WAITS_FOR_OWNER, WebhookEvent, type WebhookEventStatus } from './webhook-event.entity';

const PRUNE_BATCH = 1_000;
const PRUNE_RECEIPTS_BATCH = 10_000;

/** What the worker needs of an event; `body` is null for a large body, which `readBody` reads. */
export type LockedWebhookEvent = Pick<WebhookEvent, 'id' | 'attempts' | 'signedAt' | 'occurredAt'> & {
  body: Buffer | null;
};

export interface EventOutcome {
  status: Extract<WebhookEventStatus, 'done' | 'ignored' | 'parked' | 'dead_lettered'>;
  note: string | null;
  type: string | null;
  terraUserId: string | null;
  /** If absent, the stored reference id stays. */
  referenceId?: string | null;
  /** Replaces the stored body. */
  body?: Buffer;
}

/** The SQL of the inbox: locks due events, and records their outcomes. */
@Injectable()
export class WebhookInboxRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /**
   * Locks the next events that are due and that no other worker has locked, by lane, oldest first. It leaves out large bodies,
   * which are health data: a batch of them would take hundreds of MB.
   */
  async lockDue(manager: EntityManager, now: Date, limit: number): Promise<LockedWebhookEvent[]> {
    const { rows } = await runSql<LockedWebhookEvent>(
      manager,
      `SELECT id, attempts, signed_at AS "signedAt", occurred_at AS "occurredAt",
          CASE WHEN octet_length(body) <= ${LARGE_BODY_BYTES} THEN body END AS body
        FROM terra_connect.webhook_events WHERE status = 'pending' AND next_attempt_at <= $1
        ORDER BY lane, next_attempt_at, id LIMIT $2 FOR UPDATE SKIP LOCKED`,
      [now, limit],
    );
    return rows;
  }

  async readBody(manager: EntityManager, id: string): Promise<Buffer> {
    const { body } = await manager.findOneOrFail(WebhookEvent, { select: { body: true }, where: { id } });
    return body;
  }

  async recordOutcome(manager: EntityManager, id: string, outcome: EventOutcome, now: Date): Promise<void> {
    const { status, note, type, terraUserId, referenceId, body } = outcome;
    await runSql(
      manager,
      `UPDATE terra_connect.webhook_events SET status = $2, note = $3, type = $4, terra_user_id = $5,
          body = coalesce($6, body), processed_at = $7, reference_id = coalesce($8, reference_id) WHERE id = $1`,
      [id, status, note, type, terraUserId, body ?? null, now, referenceId ?? null],
    );
  }

  /**
   * Stores a failed attempt, with the time of the next attempt or as a dead letter. It also stores the labels, because
   * operators search dead letters by type and by Terra user. It writes nothing if another worker has stored a failure
   * of the event meanwhile (`attempts`).
   */
  async recordFailure(
    { id, attempts }: Pick<WebhookEvent, 'id' | 'attempts'>,
    failure: { note: string; nextAttemptAt: Date | null; labels: EventLabels | null },
  ): Promise<void> {
    const { note, nextAttemptAt, labels } = failure;
    const change = nextAttemptAt ? { nextAttemptAt } : { status: 'dead_lettered' as const };
    await this.dataSource.manager.update(
      WebhookEvent,
      { id, attempts, status: 'pending' },
      { ...change, ...labels, note, attempts: attempts + 1 },
    );
  }

  /** The Terra users of parked events that wait for an owner, in the order of their ids. */
  async parkedTerraUsers(after: string, limit: number): Promise<string[]> {
    const { rows } = await runSql<{ terraUserId: string }>(
      this.dataSource,
      `SELECT DISTINCT terra_user_id AS "terraUserId" FROM terra_connect.webhook_events
        WHERE status = 'parked' AND note = $1 AND terra_user_id > $2 ORDER BY terra_user_id LIMIT $3`,
      [WAITS_FOR_OWNER, after, limit],
    );
    return rows.map(({ terraUserId }) => terraUserId);
  }

  /** Makes the parked events of these Terra users due again. */
  async releaseParked(terraUserIds: string[], now: Date): Promise<void> {
    await this.dataSource.manager.update(
      WebhookEvent,
      { status: 'parked', terraUserId: In(terraUserIds), note: WAITS_FOR_OWNER },
      { status: 'pending', nextAttemptAt: now, processedAt: null },
    );
  }

  /** How many events need the worker or an operator, by status. */
  async countBacklog(): Promise<Partial<Record<WebhookEventStatus, number>>> {
    const { rows } = await runSql<{ status: WebhookEventStatus; count: number }>(
      this.dataSource,
      `SELECT status, count(*)::int AS count FROM terra_connect.webhook_events
        WHERE status IN ('pending', 'parked', 'dead_lettered') GROUP BY status`,
    );
    return Object.fromEntries(rows.map(({ status, count }) => [status, count]));
  }

  /**
   * Deletes done and ignored events that were received before `before`, and parked and dead-lettered events that were
   * received before `unappliedBefore`, which is earlier because an operator may still need these events.
   *
   * @returns how many
   */
  prune(before: Date, unappliedBefore: Date, signal: AbortSignal): Promise<number> {
    return inBatches(PRUNE_BATCH, signal, async (limit) => {
      const { count } = await runSql(
        this.dataSource,
        `WITH old AS MATERIALIZED (SELECT id FROM terra_connect.webhook_events
          WHERE (status IN ('done', 'ignored') AND received_at < $1)
            OR (status IN ('parked', 'dead_lettered') AND received_at < $2)
          ORDER BY received_at LIMIT $3 FOR UPDATE SKIP LOCKED)
          DELETE FROM terra_connect.webhook_events WHERE id IN (SELECT id FROM old)`,
        [before, unappliedBefore, limit],
      );
      return count;
    });
  }

  /** Deletes the receipts of deliveries that were received before `before`. @returns how many */
  pruneReceipts(before: Date, signal: AbortSignal): Promise<number> {
    return inBatches(PRUNE_RECEIPTS_BATCH, signal, async (limit) => {
      const { count } = await runSql(
        this.dataSource,
        `DELETE FROM terra_connect.webhook_receipts WHERE digest = ANY(ARRAY(
          SELECT digest FROM terra_connect.webhook_receipts WHERE received_at < $1 ORDER BY received_at LIMIT $2))`,
        [before, limit],
      );
      return count;
    });
  }
}
