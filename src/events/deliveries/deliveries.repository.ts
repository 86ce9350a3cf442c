import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { columnsOf, runSql } from '../../database';
import type { EventType } from '../event-types';
import { EventDelivery, type DeliveryStatus } from './event-delivery.entity';

/** A delivery with what a caller needs to know of its event. */
export type DeliverySummary = EventDelivery & { id: string; type: EventType | null };

/** The SQL of what callers and erasures do with deliveries. */
@Injectable()
export class DeliveriesRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** The deliveries to an endpoint, newest events first. */
  async list(
    endpointId: string,
    { status, beforeId }: { status: DeliveryStatus | null; beforeId: string | null },
    limit: number,
  ): Promise<DeliverySummary[]> {
    const { rows } = await runSql<DeliverySummary>(
      this.dataSource,
      `SELECT delivery.*, delivery."eventId" AS id, event.type FROM (
          SELECT ${columnsOf(this.dataSource, EventDelivery)} FROM terra_connect.event_deliveries
            WHERE endpoint_id = $1 AND ($2::text IS NULL OR status = $2) AND ($3::uuid IS NULL OR event_id < $3)
            ORDER BY event_id DESC LIMIT $4) delivery
        LEFT JOIN LATERAL (
          SELECT type FROM terra_connect.outgoing_events WHERE id = delivery."eventId" LIMIT 1) event ON true
        ORDER BY delivery."eventId" DESC`,
      [endpointId, status, beforeId, limit],
    );
    return rows;
  }

  /** Makes one event pending for an endpoint, also one that the endpoint never got. @returns whether there is the event */
  async repeatOne(manager: EntityManager, endpointId: string, eventId: string, now: Date): Promise<boolean> {
    const { count } = await runSql(manager, repeatSql('event.id = $2 LIMIT 1'), [endpointId, eventId, now]);
    return count > 0;
  }

  /**
   * Makes the events after an id pending for an endpoint: those of its types, in the order of their ids, which is nearly that
   * of their storage.
   *
   * @returns the ids
   */
  async repeatAfter(
    manager: EntityManager,
    endpointId: string,
    { afterId, types, limit, now }: { afterId: string; types: EventType[]; limit: number; now: Date },
  ): Promise<string[]> {
    const { rows } = await runSql<{ id: string }>(
      manager,
      repeatSql('event.id > $2 AND event.type = ANY($4::text[]) ORDER BY event.id LIMIT $5'),
      [endpointId, afterId, now, types, limit],
    );
    return rows.map(({ id }) => id);
  }

  /** The deliveries of events about an end user, oldest first. */
  async listOf(manager: EntityManager, referenceId: string): Promise<EventDelivery[]> {
    const { rows } = await runSql<EventDelivery>(
      manager,
      `SELECT ${columnsOf(manager, EventDelivery)} FROM terra_connect.event_deliveries
        WHERE ${OF_END_USER} ORDER BY event_id, endpoint_id`,
      [referenceId],
    );
    return rows;
  }

  /** Locks the lanes of an end user until the end of the transaction: no worker takes one. @returns whether a worker has one */
  async lockLanesOf(manager: EntityManager, referenceId: string, now: Date): Promise<boolean> {
    const { rows } = await runSql<{ isTaken: boolean }>(
      manager,
      `SELECT lease IS NOT NULL AND due_at > $2 AS "isTaken" FROM terra_connect.event_lanes
        WHERE endpoint_id IN (SELECT id FROM terra_connect.event_endpoints) AND lane_key = $1
        ORDER BY endpoint_id, lane_key FOR UPDATE`,
      [referenceId, now],
    );
    return rows.some(({ isTaken }) => isTaken);
  }

  /** Deletes the deliveries and lanes of an end user. Call it before the events are deleted. @returns how many deliveries */
  async deleteOf(manager: EntityManager, referenceId: string): Promise<number> {
    await runSql(
      manager,
      `DELETE FROM terra_connect.event_lanes
        WHERE endpoint_id IN (SELECT id FROM terra_connect.event_endpoints) AND lane_key = $1`,
      [referenceId],
    );
    const { count } = await runSql(
      manager,
      `DELETE FROM terra_connect.event_deliveries WHERE ${OF_END_USER}`,
      [referenceId],
    );
    return count;
  }

  /** @returns how many */
  async deleteLanes(endpointId: string, limit: number): Promise<number> {
    const { count } = await runSql(
      this.dataSource,
      `DELETE FROM terra_connect.event_lanes WHERE endpoint_id = $1 AND lane_key IN (
        SELECT lane_key FROM terra_connect.event_lanes WHERE endpoint_id = $1 LIMIT $2)`,
      [endpointId, limit],
    );
    return count;
  }

  /** @returns how many */
  async deleteDeliveries(endpointId: string, limit: number): Promise<number> {
    const { count } = await runSql(
      this.dataSource,
      `DELETE FROM terra_connect.event_deliveries WHERE endpoint_id = $1 AND event_id IN (
        SELECT event_id FROM terra_connect.event_deliveries WHERE endpoint_id = $1 ORDER BY event_id LIMIT $2)`,
      [endpointId, limit],
    );
    return count;
  }
}

// Deliveries have no index on the end user. Events have one, and the two other columns are the primary key of a delivery.
const OF_END_USER = `lane_key = $1
  AND endpoint_id IN (SELECT id FROM terra_connect.event_endpoints)
  AND event_id IN (SELECT id FROM terra_connect.outgoing_events WHERE reference_id = $1)`;

/**
 * A statement that makes events pending for the endpoint `$1` and their lanes due at `$3`. A worker that has a lane keeps it,
 * and finds the deliveries when it has sent the others.
 *
 * @param events which events, their order and their number
 */
function repeatSql(events: string): string {
  return `
    WITH chosen AS (
      SELECT event.id, event.position, coalesce(event.reference_id, '') AS lane_key
        FROM terra_connect.outgoing_events event WHERE event.position IS NOT NULL AND ${events}),
    repeated AS (
      INSERT INTO terra_connect.event_deliveries (endpoint_id, event_id, position, lane_key, status)
        SELECT $1::uuid, id, position, lane_key, 'pending' FROM chosen ORDER BY id
        ON CONFLICT (endpoint_id, event_id) DO UPDATE SET status = 'pending', delivered_at = NULL
        RETURNING event_id, lane_key),
    due AS (
      INSERT INTO terra_connect.event_lanes AS lane (endpoint_id, lane_key, due_at)
        SELECT DISTINCT $1::uuid, lane_key, $3::timestamptz FROM repeated ORDER BY 2
        ON CONFLICT (endpoint_id, lane_key) DO UPDATE SET
          due_at = CASE WHEN lane.lease IS NULL THEN least(lane.due_at, excluded.due_at) ELSE lane.due_at END)
    SELECT event_id AS id FROM repeated ORDER BY event_id`;
}
