import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { runSql } from '../database';
import type { ReceiptKeys } from './receipt-keys';
import type { Lane, WebhookEvent } from './webhook-event.entity';

type NewWebhookEvent = Pick<
  WebhookEvent,
  'id' | 'traceId' | 'terraReference' | 'signedAt' | 'occurredAt' | 'receivedAt' | 'body'
> & { lane: Lane };

/** A delivery that may be new, with the keys that tell. */
export interface NewDelivery {
  event: NewWebhookEvent;
  keys: ReceiptKeys;
}

/** `trace_id_reused`: stored, although an earlier delivery with the same trace id had another body. */
export type InsertOutcome = 'stored' | 'trace_id_reused' | 'duplicate';

/**
 * `$1` has the deliveries in the order of their arrival, `$2` their bodies one after the other: a single value of bytes
 * is sent as it is, an array of bytes would be sent as text of twice the size.
 *
 * - The receipts of signatures come first. A repetition of signed bytes adds no other receipt, or a captured delivery
 *   could fill the table under ever new trace ids.
 * - A key that occurs twice in `$1` belongs to the first delivery that has it, as if the deliveries had come alone.
 * - Both inserts are sorted, so that groups of two processes that share keys wait for each other and do not deadlock.
 *   A concurrent copy waits for the other's commit, so that it is only acknowledged after it (R1).
 */
const INSERT = `
  WITH delivery AS MATERIALIZED (
      SELECT place, id, decode(signed, 'hex') AS signed, decode(retry, 'hex') AS retry, decode(trace, 'hex') AS trace,
          trace_id, terra_reference, signed_at, occurred_at, received_at, body_from, body_length, lane
        FROM json_to_recordset($1::json) AS row (place int, id uuid, signed text, retry text, trace text, trace_id text,
          terra_reference text, signed_at timestamptz, occurred_at timestamptz, received_at timestamptz,
          body_from int, body_length int, lane smallint)),
    signed AS (
      INSERT INTO terra_connect.webhook_receipts (digest, received_at)
        SELECT signed, received_at FROM delivery ORDER BY signed, place
        ON CONFLICT DO NOTHING RETURNING digest),
    fresh AS MATERIALIZED (
      SELECT *, row_number() OVER (PARTITION BY retry ORDER BY place) = 1 AS first_retry,
          row_number() OVER (PARTITION BY trace ORDER BY place) = 1 AS first_trace
        FROM (SELECT DISTINCT ON (delivery.signed) delivery.* FROM delivery
          JOIN signed ON signed.digest = delivery.signed ORDER BY delivery.signed, place) AS unique_delivery),
    traced AS (
      INSERT INTO terra_connect.webhook_receipts (digest, received_at)
        SELECT key, received_at FROM fresh, unnest(ARRAY[retry, trace]) AS key WHERE key IS NOT NULL ORDER BY key, place
        ON CONFLICT DO NOTHING RETURNING digest)
  INSERT INTO terra_connect.webhook_events (id, trace_id, trace_id_reused, terra_reference, signed_at, occurred_at,
      received_at, body, lane, status, next_attempt_at)
    SELECT id, trace_id, trace IS NOT NULL AND NOT (first_trace AND by_trace.digest IS NOT NULL), terra_reference,
        signed_at, occurred_at, received_at, substring($2::bytea FROM body_from FOR body_length), lane, 'pending',
        received_at
      FROM fresh
        LEFT JOIN traced AS by_retry ON by_retry.digest = fresh.retry
        LEFT JOIN traced AS by_trace ON by_trace.digest = fresh.trace
      WHERE retry IS NULL OR (first_retry AND by_retry.digest IS NOT NULL)
      ORDER BY place
    RETURNING id, trace_id_reused AS "traceIdReused"`;

/** Stores deliveries. */
@Injectable()
export class WebhookDeliveriesRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /**
   * Stores deliveries and their receipts in one statement: one commit, unless the caller has a transaction. It leaves out the
   * deliveries that a receipt identifies as stored.
   *
   * @returns the outcomes in the order of the deliveries
   */
  async insert(
    deliveries: NewDelivery[],
    timeoutMs: number,
    target: EntityManager | DataSource = this.dataSource,
  ): Promise<InsertOutcome[]> {
    const { rows } = await runSql<{ id: string; traceIdReused: boolean }>(
      target,
      INSERT,
      [JSON.stringify(toRows(deliveries)), bodiesOf(deliveries)],
      { timeoutMs },
    );
    const reused = new Map(rows.map(({ id, traceIdReused }) => [id, traceIdReused]));
    return deliveries.map(({ event: { id } }) => {
      if (!reused.has(id)) return 'duplicate';
      return reused.get(id) ? 'trace_id_reused' : 'stored';
    });
  }
}

function toRows(deliveries: NewDelivery[]): object[] {
  let end = 1;
  return deliveries.map(({ event, keys }, place) => {
    const from = end;
    end += event.body.length;
    return {
      place,
      id: event.id,
      signed: keys.signed.toString('hex'),
      retry: keys.retry?.toString('hex'),
      trace: keys.trace?.toString('hex'),
      trace_id: event.traceId,
      terra_reference: event.terraReference,
      signed_at: event.signedAt,
      occurred_at: event.occurredAt,
      received_at: event.receivedAt,
      body_from: from,
      body_length: event.body.length,
      lane: event.lane,
    };
  });
}

// A large body is alone, and not copied.
function bodiesOf([first, ...others]: NewDelivery[]): Buffer {
  if (first && others.length === 0) return first.event.body;
  return Buffer.concat([first!, ...others].map(({ event }) => event.body));
}
