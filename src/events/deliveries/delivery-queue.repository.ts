import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { columnsOf, inTransaction, runSql } from '../../database';
import { EventBodiesRepository } from '../data/event-bodies.repository';
import { patternsOf } from '../event-type-patterns';
import { OutgoingEvent } from '../outgoing-event.entity';
import type { DeliveryAttempt, DeliveryStatus } from './event-delivery.entity';
import { MOST_LANES } from './endpoint-pace';
import { EventLane } from './event-lane.entity';

/** How many deliveries of a lane are read at a time. */
const BATCH_OF_LANE = 10;

export type LaneId = Pick<EventLane, 'endpointId' | 'laneKey'>;
/** A lane that a worker has until the end of its lease. */
export type TakenLane = LaneId & Pick<EventLane, 'attempts' | 'failingSince'> & { lease: string };

/** A pending delivery, and its event. */
export interface WaitingDelivery {
  eventId: string;
  /** null: it is gone, by retention or an erasure. */
  event: OutgoingEvent | null;
}

/** What a worker knows about a lane after an attempt. */
export interface Settlement {
  lane: TakenLane;
  /** The delivery of the attempt; null: there was no attempt. */
  delivery: {
    eventId: string;
    status: DeliveryStatus;
    attempt: DeliveryAttempt | null;
    /** Whether the event has health data, which goes with the last delivery. */
    hasBody: boolean;
  } | null;
  /** Of the lane, after the attempt. */
  attempts: number;
  failingSince: Date | null;
  /** When the lane is due. If the worker keeps it, when its lease ends. */
  dueAt: Date;
  releases: boolean;
}

/**
 * The SQL by which deliveries come into being and leave. All statements work in sets, and none has a transaction while a
 * request is under way. Every statement that waits for lanes locks them in the order of their keys.
 */
@Injectable()
export class DeliveryQueueRepository {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly bodies: EventBodiesRepository,
  ) {}

  /**
   * Adds a delivery for each of the events and each enabled endpoint that subscribes to its type, and the lanes. One statement.
   * The update of an existing lane changes nothing: its lock makes the statement that deletes empty lanes wait for this
   * transaction. Reads the events themselves, because an erasure may have deleted some.
   *
   * @returns whether any lane got a delivery
   */
  async fanOut(
    manager: EntityManager,
    events: Pick<OutgoingEvent, 'id' | 'type'>[],
    now: Date,
  ): Promise<boolean> {
    const { count } = await runSql(
      manager,
      `WITH added AS (
        INSERT INTO terra_connect.event_deliveries (endpoint_id, event_id, position, lane_key, status)
          SELECT endpoint.id, event.id, event.position, coalesce(event.reference_id, ''), 'pending'
            FROM unnest($1::uuid[], $2::text[]) AS given (id, patterns)
            JOIN terra_connect.event_endpoints endpoint ON endpoint.types && string_to_array(given.patterns, ',')
            JOIN terra_connect.outgoing_events event ON event.id = given.id AND event.id = ANY($1)
            WHERE endpoint.enabled AND endpoint.deleted_at IS NULL
          RETURNING endpoint_id, lane_key)
      INSERT INTO terra_connect.event_lanes AS lane (endpoint_id, lane_key, due_at)
        SELECT DISTINCT endpoint_id, lane_key, $3::timestamptz FROM added ORDER BY endpoint_id, lane_key
        ON CONFLICT (endpoint_id, lane_key) DO UPDATE SET due_at = lane.due_at`,
      [events.map(({ id }) => id), events.map(({ type }) => patternsOf(type).join()), now],
    );
    return count > 0;
  }

  /**
   * Takes due lanes: they are due again when the lease ends. So nothing is lost when the worker dies. The constant limit lets
   * Postgres know that there are few; it would read the whole table for a tenth of it, which is its guess for the other one.
   *
   * @param wanted how many lanes of each endpoint
   */
  async take(
    wanted: { endpointId: string; lanes: number }[],
    { now, lease, until }: { now: Date; lease: string; until: Date },
  ): Promise<TakenLane[]> {
    const { rows } = await runSql<TakenLane>(
      this.dataSource,
      `WITH due AS (
        SELECT lane.endpoint_id, lane.lane_key
          FROM unnest($1::uuid[], $2::integer[]) AS wanted (endpoint_id, lanes)
          CROSS JOIN LATERAL (
            SELECT endpoint_id, lane_key FROM (
              SELECT endpoint_id, lane_key FROM terra_connect.event_lanes
                WHERE endpoint_id = wanted.endpoint_id AND due_at <= $3
                ORDER BY due_at LIMIT ${MOST_LANES} FOR UPDATE SKIP LOCKED) locked LIMIT wanted.lanes) lane)
      UPDATE terra_connect.event_lanes lane SET lease = $4, due_at = $5 FROM due
        WHERE lane.endpoint_id = due.endpoint_id AND lane.lane_key = due.lane_key
        RETURNING lane.endpoint_id AS "endpointId", lane.lane_key AS "laneKey", lane.attempts,
          lane.failing_since AS "failingSince", lane.lease`,
      [wanted.map(({ endpointId }) => endpointId), wanted.map(({ lanes }) => lanes), now, lease, until],
    );
    return rows;
  }

  /**
   * The next pending deliveries of taken lanes, in their order; the lists are in the order of the lanes. Call it after the
   * commit of {@link take}, so that it sees everything that came into these lanes before.
   */
  async nextOf(lanes: LaneId[]): Promise<WaitingDelivery[][]> {
    const { rows } = await runSql<Partial<OutgoingEvent> & { lane: string; eventId: string }>(
      this.dataSource,
      `SELECT lane.number AS lane, delivery.event_id AS "eventId", event.*
        FROM unnest($1::uuid[], $2::text[]) WITH ORDINALITY AS lane (endpoint_id, lane_key, number)
        CROSS JOIN LATERAL (
          SELECT event_id, position FROM terra_connect.event_deliveries
            WHERE endpoint_id = lane.endpoint_id AND lane_key = lane.lane_key AND status = 'pending'
            ORDER BY position LIMIT ${BATCH_OF_LANE}) delivery
        LEFT JOIN LATERAL (
          SELECT ${columnsOf(this.dataSource, OutgoingEvent)} FROM terra_connect.outgoing_events
            WHERE id = delivery.event_id LIMIT 1) event ON true
        ORDER BY lane.number, delivery.position`,
      [lanes.map(({ endpointId }) => endpointId), lanes.map(({ laneKey }) => laneKey)],
    );
    const lists: WaitingDelivery[][] = lanes.map(() => []);
    for (const { lane, eventId, ...event } of rows)
      lists[Number(lane) - 1]?.push({ eventId, event: event.id ? (event as OutgoingEvent) : null });
    return lists;
  }

  /**
   * Stores what happened to lanes, if the worker still has them. A released lane without a pending delivery is deleted, in a
   * statement of its own: only after the lock of the lane does a statement see every delivery that came into it.
   *
   * @returns for each settlement whether the worker had the lane
   */
  async settle(settlements: Settlement[]): Promise<boolean[]> {
    const held = await inTransaction(this.dataSource, async (manager) => {
      const found = await this.storeOutcomes(manager, settlements);
      const ended = settlements.flatMap(({ delivery }) =>
        delivery?.hasBody && delivery.status !== 'pending' ? delivery.eventId : [],
      );
      if (ended.length > 0) await this.bodies.release(ended, manager);
      const released = settlements.filter(
        ({ lane, releases, attempts }) => releases && attempts === 0 && found.has(keyOf(lane)),
      );
      if (released.length > 0) await this.deleteEmpty(manager, released);
      return found;
    });
    return settlements.map(({ lane }) => held.has(keyOf(lane)));
  }

  private async storeOutcomes(manager: EntityManager, settlements: Settlement[]): Promise<Set<string>> {
    const { rows } = await runSql<LaneId>(
      manager,
      `WITH given AS (
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::integer[],
          $8::timestamptz[], $9::timestamptz[], $10::boolean[])
          AS given (endpoint_id, lane_key, lease, event_id, status, attempt, attempts, failing_since, due_at, releases)),
      held AS (
        SELECT given.* FROM terra_connect.event_lanes lane JOIN given
            ON lane.endpoint_id = given.endpoint_id AND lane.lane_key = given.lane_key AND lane.lease = given.lease
          ORDER BY lane.endpoint_id, lane.lane_key FOR UPDATE OF lane),
      stored AS (
        UPDATE terra_connect.event_deliveries delivery SET status = held.status,
            attempts = delivery.attempts + CASE WHEN held.attempt IS NULL THEN 0 ELSE 1 END,
            last_attempts = CASE
              WHEN held.attempt IS NULL THEN delivery.last_attempts
              WHEN jsonb_array_length(delivery.last_attempts) >= 10 THEN (delivery.last_attempts - 0) || held.attempt::jsonb
              ELSE delivery.last_attempts || held.attempt::jsonb END,
            delivered_at = CASE WHEN held.status = 'delivered' THEN (held.attempt::jsonb ->> 'at')::timestamptz END
          FROM held
          WHERE delivery.endpoint_id = held.endpoint_id AND delivery.event_id = held.event_id
            AND delivery.event_id = ANY($4))
      UPDATE terra_connect.event_lanes lane SET due_at = held.due_at, attempts = held.attempts,
          failing_since = held.failing_since, lease = CASE WHEN held.releases THEN NULL ELSE lane.lease END
        FROM held WHERE lane.endpoint_id = held.endpoint_id AND lane.lane_key = held.lane_key
        RETURNING lane.endpoint_id AS "endpointId", lane.lane_key AS "laneKey"`,
      [
        settlements.map(({ lane }) => lane.endpointId),
        settlements.map(({ lane }) => lane.laneKey),
        settlements.map(({ lane }) => lane.lease),
        settlements.map(({ delivery }) => delivery?.eventId ?? null),
        settlements.map(({ delivery }) => delivery?.status ?? null),
        settlements.map(({ delivery }) => (delivery?.attempt ? JSON.stringify(delivery.attempt) : null)),
        settlements.map(({ attempts }) => attempts),
        settlements.map(({ failingSince }) => failingSince),
        settlements.map(({ dueAt }) => dueAt),
        settlements.map(({ releases }) => releases),
      ],
    );
    return new Set(rows.map(keyOf));
  }

  private async deleteEmpty(manager: EntityManager, settlements: Settlement[]): Promise<void> {
    await runSql(
      manager,
      `DELETE FROM terra_connect.event_lanes lane
        USING unnest($1::uuid[], $2::text[]) AS released (endpoint_id, lane_key)
        WHERE lane.endpoint_id = released.endpoint_id AND lane.lane_key = released.lane_key
          AND NOT EXISTS (
            SELECT FROM terra_connect.event_deliveries delivery
              WHERE delivery.endpoint_id = released.endpoint_id AND delivery.lane_key = released.lane_key
                AND delivery.status = 'pending')`,
      [settlements.map(({ lane }) => lane.endpointId), settlements.map(({ lane }) => lane.laneKey)],
    );
  }

  /** For how long the longest waiting lane of the enabled endpoints is due, in milliseconds; 0: none is. */
  async lagMs(now: Date): Promise<number> {
    const { rows } = await runSql<{ dueAt: Date | null }>(
      this.dataSource,
      `SELECT min(lane.due_at) AS "dueAt" FROM terra_connect.event_endpoints endpoint
        CROSS JOIN LATERAL (
          SELECT due_at FROM terra_connect.event_lanes
            WHERE endpoint_id = endpoint.id AND due_at <= $1 ORDER BY due_at LIMIT 1) lane
        WHERE endpoint.enabled AND endpoint.deleted_at IS NULL`,
      [now],
    );
    return rows[0]?.dueAt ? now.getTime() - rows[0].dueAt.getTime() : 0;
  }
}

function keyOf({ endpointId, laneKey }: LaneId): string {
  return `${endpointId} ${laneKey}`;
}
