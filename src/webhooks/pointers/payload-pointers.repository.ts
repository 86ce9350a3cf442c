import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { inTransaction, runSql } from '../../database';
import {
  WebhookDeliveriesRepository,
  type InsertOutcome,
  type NewDelivery,
} from '../webhook-deliveries.repository';
import { LANES, POINTER_LANE, type WebhookEvent } from '../webhook-event.entity';

/** A pointer that this process fetches. Each process that takes it raises `attempts`, so `attempts` tells whether this process has lost it. */
export type TakenPointer = Pick<
  WebhookEvent,
  'id' | 'attempts' | 'traceId' | 'terraReference' | 'signedAt' | 'occurredAt' | 'receivedAt' | 'body'
>;

const STORE_TIMEOUT_MS = 15_000;
const IS_TAKEN = `id = $1 AND attempts = $2 AND status = 'pending' AND lane = ${POINTER_LANE}`;

/** The SQL of pointers that wait for their payload: rows of the inbox in a lane of their own. */
@Injectable()
export class PayloadPointersRepository {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly deliveries: WebhookDeliveriesRepository,
  ) {}

  /** Takes the pointer that has been due for longest. If its process dies, the pointer is due again after the lease. */
  async take(now: Date, leasedUntil: Date): Promise<TakenPointer | null> {
    const { rows } = await runSql<TakenPointer>(
      this.dataSource,
      `UPDATE terra_connect.webhook_events SET attempts = attempts + 1, next_attempt_at = $2
        WHERE id = (SELECT id FROM terra_connect.webhook_events
            WHERE status = 'pending' AND lane = ${POINTER_LANE} AND next_attempt_at <= $1
            ORDER BY next_attempt_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
        RETURNING id, attempts, trace_id AS "traceId", terra_reference AS "terraReference", signed_at AS "signedAt",
          occurred_at AS "occurredAt", received_at AS "receivedAt", body`,
      [now, leasedUntil],
    );
    return rows[0] ?? null;
  }

  /**
   * Stores the payload as a delivery in the transaction that ends its pointer, of which the envelope stays.
   *
   * @returns null when this process has lost the pointer: another one has it, or an erasure has removed it
   */
  storePayload(
    pointer: TakenPointer,
    { envelope, delivery, now }: { envelope: Buffer; delivery: NewDelivery; now: Date },
  ): Promise<InsertOutcome | null> {
    return inTransaction(this.dataSource, async (manager) => {
      if (!(await this.settle(manager, pointer, { status: 'done', note: null, body: envelope }, now)))
        return null;
      const [outcome = null] = await this.deliveries.insert([delivery], STORE_TIMEOUT_MS, manager);
      return outcome;
    });
  }

  /** Makes the pointer a dead letter. @returns false when this process has lost it */
  giveUp(pointer: TakenPointer, note: string, now: Date): Promise<boolean> {
    return this.settle(this.dataSource, pointer, { status: 'dead_lettered', note, body: null }, now);
  }

  async postpone({ id, attempts }: TakenPointer, until: Date): Promise<void> {
    await runSql(
      this.dataSource,
      `UPDATE terra_connect.webhook_events SET next_attempt_at = $3 WHERE ${IS_TAKEN}`,
      [id, attempts, until],
    );
  }

  /** Gives all pointers back to the inbox, which hands them on as they are. */
  async giveBack(): Promise<number> {
    const { count } = await runSql(
      this.dataSource,
      `UPDATE terra_connect.webhook_events SET lane = ${LANES.links}, attempts = 0
        WHERE status = 'pending' AND lane = ${POINTER_LANE}`,
      [],
    );
    return count;
  }

  // In the lane of the links again: a replay processes the pointer anew.
  private async settle(
    target: EntityManager | DataSource,
    { id, attempts }: TakenPointer,
    { status, note, body }: Pick<WebhookEvent, 'status' | 'note'> & { body: Buffer | null },
    now: Date,
  ): Promise<boolean> {
    const { count } = await runSql(
      target,
      `UPDATE terra_connect.webhook_events SET status = $3, note = $4, body = coalesce($5, body), processed_at = $6,
          lane = ${LANES.links}
        WHERE ${IS_TAKEN}`,
      [id, attempts, status, note, body, now],
    );
    return count === 1;
  }
}
