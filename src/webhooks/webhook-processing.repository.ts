import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { runSql } from '../database';
import type { EventLabels } from './event-labels';
import type { EventOutcome } from './event-table';
import {
  DATA_WAITS,
  POINTER_LANE,
  WAITING_NOTES,
  WebhookEvent,
  type Lane,
  type WebhookEventStatus,
} from './webhook-event.entity';

// The bodies of a batch are in memory at the same time, and are parsed without a pause. A larger body is a batch of its own.
const MAX_BATCH_BYTES = 4 * 1024 * 1024;

/** What the worker needs of an event. */
export type LockedWebhookEvent = Pick<
  WebhookEvent,
  'id' | 'attempts' | 'signedAt' | 'occurredAt' | 'receivedAt' | 'body'
>;

/** Which events to lock. */
export interface DueBatch {
  lane: Lane;
  limit: number;
  inTurn: boolean;
}

/** Locked events, oldest first. */
export interface LockedBatch {
  events: LockedWebhookEvent[];
  /** Whether more events of the lane may be due. */
  isFull: boolean;
  /** false: another transaction processes the lane, so this one has locked nothing. */
  isTurn: boolean;
}

type Nullable<Row> = { [Column in keyof Row]: Row[Column] | null };

/** A processed event. */
export interface SettledEvent extends EventOutcome, EventLabels {
  id: string;
  /** Replaces the stored body; null: the body stays. */
  body: Buffer | null;
  /** Whether no column may name the end user any more. */
  isErased: boolean;
}

const COLUMNS = `id, attempts, signed_at AS "signedAt", occurred_at AS "occurredAt", received_at AS "receivedAt", body`;

/** The SQL that processes the inbox: locks due events, and stores their outcomes. */
@Injectable()
export class WebhookProcessingRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /**
   * Locks the next events of a lane that are due and that no other worker has locked, oldest first: as many as `limit`, or
   * fewer if their bodies are large.
   *
   * One transaction at a time processes a lane, as long as what waits is less than two batches: two processes that take
   * turns of a few events each would only have twice as many transactions.
   *
   * @param inTurn false: whether another transaction processes the lane does not matter
   */
  async lockDue(manager: EntityManager, { lane, limit, inTurn }: DueBatch, now: Date): Promise<LockedBatch> {
    const { rows } = await runSql<Nullable<LockedWebhookEvent> & { locked: number; isTurn: boolean }>(
      manager,
      `WITH turn AS MATERIALIZED (SELECT NOT $4::boolean
            OR pg_try_advisory_xact_lock(hashtextextended('terra-connect:inbox-lane:' || $1::smallint, 0))
            OR (SELECT count(*) = 2 * $3::int FROM (SELECT FROM terra_connect.webhook_events
                WHERE status = 'pending' AND lane = $1 AND next_attempt_at <= $2
                ORDER BY next_attempt_at, id LIMIT 2 * $3::int) AS waiting)
          AS is_turn),
        due AS MATERIALIZED (SELECT * FROM terra_connect.webhook_events
          WHERE (SELECT is_turn FROM turn) AND status = 'pending' AND lane = $1 AND next_attempt_at <= $2
          ORDER BY next_attempt_at, id LIMIT $3 FOR UPDATE SKIP LOCKED),
        sized AS (SELECT due.*, count(*) OVER ()::int AS locked,
            sum(octet_length(body)) OVER (ORDER BY next_attempt_at, id) - octet_length(body) AS bytes_before
          FROM due)
        SELECT ${COLUMNS}, locked, is_turn AS "isTurn" FROM turn LEFT JOIN sized
            ON bytes_before = 0 OR bytes_before + octet_length(body) <= ${MAX_BATCH_BYTES}
          ORDER BY next_attempt_at, id`,
      [lane, now, limit, inTurn],
    );
    const events = rows.filter((row): row is typeof row & LockedWebhookEvent => row.id !== null);
    const { locked, isTurn } = rows[0] as (typeof rows)[number];
    return { events, isFull: locked === limit || events.length < locked, isTurn };
  }

  /** Locks those of these events that are still due and that no other worker has locked, oldest first. */
  async lockAgain(manager: EntityManager, ids: string[], now: Date): Promise<LockedWebhookEvent[]> {
    const { rows } = await runSql<LockedWebhookEvent>(
      manager,
      `SELECT ${COLUMNS} FROM terra_connect.webhook_events
        WHERE id = ANY($1) AND status = 'pending' AND next_attempt_at <= $2
        ORDER BY next_attempt_at, id FOR UPDATE SKIP LOCKED`,
      [ids, now],
    );
    return rows;
  }

  /** Makes those of these events due later that no other worker has locked. */
  async postpone(ids: string[], until: Date): Promise<void> {
    await runSql(
      this.dataSource,
      `UPDATE terra_connect.webhook_events SET next_attempt_at = $2 WHERE id = ANY($1) AND id IN (
          SELECT id FROM terra_connect.webhook_events WHERE id = ANY($1) AND status = 'pending'
            FOR UPDATE SKIP LOCKED)`,
      [ids, until],
    );
  }

  /** Stores the outcomes of events that this transaction has locked. A pointer that stays pending is due for its fetch. */
  async settle(manager: EntityManager, events: SettledEvent[], now: Date): Promise<void> {
    await runSql(
      manager,
      `UPDATE terra_connect.webhook_events event SET status = settled.status, note = settled.note,
          type = settled.type, terra_user_id = settled.terra_user_id, body = coalesce(settled.body, event.body),
          reference_id = CASE WHEN NOT settled.is_erased THEN coalesce(settled.reference_id, event.reference_id) END,
          terra_reference = CASE WHEN NOT settled.is_erased THEN event.terra_reference END,
          processed_at = CASE WHEN settled.status <> 'pending' THEN $9::timestamptz END,
          lane = CASE settled.status WHEN 'pending' THEN ${POINTER_LANE} ELSE event.lane END,
          next_attempt_at = CASE settled.status WHEN 'pending' THEN $9 ELSE event.next_attempt_at END,
          attempts = CASE settled.status WHEN 'pending' THEN 0 ELSE event.attempts END
        FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bytea[], $8::boolean[])
          AS settled (id, status, note, type, terra_user_id, reference_id, body, is_erased)
        WHERE event.id = settled.id AND event.id = ANY($1)`,
      [
        events.map(({ id }) => id),
        events.map(({ status }) => status),
        events.map(({ note }) => note),
        events.map(({ type }) => type),
        events.map(({ terraUserId }) => terraUserId),
        events.map(({ referenceId }) => referenceId),
        events.map(({ body }) => body),
        events.map(({ isErased }) => isErased),
        now,
      ],
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
        WHERE status = 'parked' AND note = ANY($1) AND terra_user_id > $2 ORDER BY terra_user_id LIMIT $3`,
      [WAITING_NOTES, after, limit],
    );
    return rows.map(({ terraUserId }) => terraUserId);
  }

  /** Makes the parked events of these Terra users due again. @returns how many */
  async releaseParked(
    target: EntityManager | DataSource,
    terraUserIds: string[],
    now: Date,
  ): Promise<number> {
    const { count } = await runSql(
      target,
      `UPDATE terra_connect.webhook_events SET status = 'pending', next_attempt_at = $3, processed_at = NULL
        WHERE status = 'parked' AND note = ANY($1) AND terra_user_id = ANY($2)`,
      [WAITING_NOTES, terraUserIds, now],
    );
    return count;
  }

  /** Makes data due again that has waited since before a time, so that the worker stops keeping it. @returns how many */
  async releaseWaitingData(before: Date, limit: number, now: Date): Promise<number> {
    const { count } = await runSql(
      this.dataSource,
      `UPDATE terra_connect.webhook_events SET status = 'pending', next_attempt_at = $3, processed_at = NULL
        WHERE status = 'parked' AND id IN (
          SELECT id FROM terra_connect.webhook_events
            WHERE status = 'parked' AND note = $1 AND received_at < $2 LIMIT $4)`,
      [DATA_WAITS, before, now, limit],
    );
    return count;
  }

  /** How much data waits until it may leave. */
  async waitingData(manager: EntityManager): Promise<{ events: number; bytes: number }> {
    const { rows } = await runSql<{ events: string; bytes: string }>(
      manager,
      `SELECT count(*) AS events, coalesce(sum(octet_length(body)), 0) AS bytes FROM terra_connect.webhook_events
        WHERE status = 'parked' AND note = $1`,
      [DATA_WAITS],
    );
    return { events: Number(rows[0]?.events), bytes: Number(rows[0]?.bytes) };
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
}
