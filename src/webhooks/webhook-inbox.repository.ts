import { Injectable } from '@nestjs/common';
import { InjectDataSource, InjectRepository } from '@nestjs/typeorm';
import { DataSource, In, MoreThan, Repository, type EntityManager } from 'typeorm';
import { runIn, runPrepared } from '../database';
import { parseTerraEvent } from '../terra';
import { labelsOf } from './event-labels';
import { WAITS_FOR_OWNER, WebhookEvent, type WebhookEventStatus } from './webhook-event.entity';

// A quarter of Terra's patience: a database that is slower than this gets a 503, and Terra's retry.
const INSERT_TIMEOUT_MS = 2_000;

const MAX_INLINE_BYTES = 256 * 1024;

/** What the worker needs of an event; `body` is null for one that must be read by itself. */
export type LockedWebhookEvent = Pick<WebhookEvent, 'id' | 'attempts' | 'signedAt' | 'occurredAt'> & {
  body: Buffer | null;
};

export type NewWebhookEvent = Pick<
  WebhookEvent,
  | 'id'
  | 'dedupeKey'
  | 'signatureDigest'
  | 'traceId'
  | 'terraReference'
  | 'signedAt'
  | 'occurredAt'
  | 'receivedAt'
  | 'body'
>;

export interface EventOutcome {
  status: Extract<WebhookEventStatus, 'done' | 'ignored' | 'parked' | 'dead_lettered'>;
  note: string | null;
  type: string | null;
  terraUserId: string | null;
  /** Whom it names; what is known of it stays when this is left out. */
  referenceId?: string | null;
  /** Replaces the stored body. */
  body?: Buffer;
}

/** The inbox's SQL. */
@Injectable()
export class WebhookInboxRepository {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @InjectRepository(WebhookEvent) private readonly events: Repository<WebhookEvent>,
  ) {}

  /** @returns false when the delivery is there already: the same trace id, or the same signature */
  async insert(event: NewWebhookEvent): Promise<boolean> {
    const values = [
      event.id,
      event.dedupeKey,
      event.signatureDigest,
      event.traceId,
      event.terraReference,
      event.signedAt,
      event.occurredAt,
      event.receivedAt,
      event.body,
    ];
    const { rowCount } = await runPrepared(this.dataSource, INSERT, values, INSERT_TIMEOUT_MS);
    return rowCount === 1;
  }

  /**
   * Locks the next events that are due and that nobody else works on, oldest first. Large bodies, which are health data,
   * are left out and read one at a time: twenty of them would be 300 MB.
   */
  lockDue(manager: EntityManager, now: Date, limit: number): Promise<LockedWebhookEvent[]> {
    return runIn<LockedWebhookEvent>(
      manager,
      `SELECT id, attempts, signed_at AS "signedAt", occurred_at AS "occurredAt",
          CASE WHEN octet_length(body) <= ${MAX_INLINE_BYTES} THEN body END AS body
        FROM terra_connect.webhook_events WHERE status = 'pending' AND next_attempt_at <= $1
        ORDER BY next_attempt_at, id LIMIT $2 FOR UPDATE SKIP LOCKED`,
      [now, limit],
    );
  }

  async readBody(manager: EntityManager, id: string): Promise<Buffer> {
    const { body } = await manager.findOneOrFail(WebhookEvent, { select: { body: true }, where: { id } });
    return body;
  }

  /** Says what became of an event; `body`, if given, takes the place of the stored one. */
  async settle(manager: EntityManager, id: string, outcome: EventOutcome, now: Date): Promise<void> {
    const { status, note, type, terraUserId, referenceId, body } = outcome;
    await runIn(
      manager,
      `UPDATE terra_connect.webhook_events SET status = $2, note = $3, type = $4, terra_user_id = $5,
          body = coalesce($6, body), processed_at = $7, reference_id = coalesce($8, reference_id) WHERE id = $1`,
      [id, status, note, type, terraUserId, body ?? null, now, referenceId ?? null],
    );
  }

  /**
   * After a failed attempt: again later, or never. The count guards against a second worker that failed on it too. The
   * labels are written here as well: who looks for dead events looks by type and by user.
   */
  async recordFailure(
    event: Pick<WebhookEvent, 'id' | 'attempts'> & { body?: Buffer | null },
    failure: { note: string; nextAttemptAt: Date | null },
  ): Promise<void> {
    const { id, attempts, body } = event;
    const { note, nextAttemptAt } = failure;
    const change = nextAttemptAt ? { nextAttemptAt } : { status: 'dead_lettered' as const };
    const parsed = body ? parseTerraEvent(body) : null;
    await this.events.update(
      { id, attempts, status: 'pending' },
      { ...change, ...(parsed ? labelsOf(parsed) : {}), note, attempts: attempts + 1 },
    );
  }

  /** Whom parked events wait for. */
  async parkedTerraUsers(after: string, limit: number): Promise<string[]> {
    const rows = await this.events
      .createQueryBuilder('event')
      .select('DISTINCT event.terraUserId', 'terraUserId')
      .where({ status: 'parked', terraUserId: MoreThan(after), note: WAITS_FOR_OWNER })
      .orderBy('event.terraUserId')
      .limit(limit)
      .getRawMany<{ terraUserId: string }>();
    return rows.map(({ terraUserId }) => terraUserId);
  }

  /** Events that waited for these Terra users are due again. */
  async unpark(terraUserIds: string[], now: Date): Promise<void> {
    await this.events.update(
      { status: 'parked', terraUserId: In(terraUserIds), note: WAITS_FOR_OWNER },
      { status: 'pending', nextAttemptAt: now, processedAt: null },
    );
  }

  async countWaiting(): Promise<Partial<Record<WebhookEventStatus, number>>> {
    const rows = await this.events
      .createQueryBuilder('event')
      .select('event.status', 'status')
      .addSelect('count(*)::int', 'count')
      .where(`event.status IN ('pending', 'parked', 'dead_lettered')`)
      .groupBy('event.status')
      .getRawMany<{ status: WebhookEventStatus; count: number }>();
    return Object.fromEntries(rows.map(({ status, count }) => [status, count]));
  }
}

const INSERT = {
  name: 'terra_connect_insert_webhook_event',
  text: `INSERT INTO terra_connect.webhook_events
      (id, dedupe_key, signature_digest, trace_id, terra_reference, signed_at, occurred_at, received_at, body,
       status, next_attempt_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'pending', $8)
    ON CONFLICT DO NOTHING`,
};
