import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { runSql } from '../../database';
import type { DeliveryAttempt, DeliveryStatus } from '../deliveries/event-delivery.entity';
import type { DisabledReason } from '../endpoints/event-endpoint.entity';
import type { EventType } from '../event-types';

/** An event about an end user, without its data. */
export interface EndUserEvent {
  id: string;
  type: EventType;
  /** null: no reader and no endpoint gets it yet. */
  position: string | null;
  occurredAt: Date;
  connectionId: string | null;
}

/** The delivery of an event about an end user to an endpoint. */
export interface EndUserDelivery {
  eventId: string;
  endpointId: string;
  status: DeliveryStatus;
  attempts: number;
  lastAttempt: DeliveryAttempt | null;
}

/** A webhook endpoint, and how far the events about an end user have come there. */
export interface EndUserEndpoint {
  id: string;
  url: string;
  types: string[];
  enabled: boolean;
  disabledReason: DisabledReason | null;
  /** null: no event about the end user waits for the endpoint. */
  lane: {
    /** How often the first waiting event has failed. */
    attempts: number;
    failingSince: Date | null;
    dueAt: Date;
    firstEventId: string | null;
    lastAttempt: DeliveryAttempt | null;
  } | null;
}

/** The SQL of what the service has told and still tells about one end user. */
@Injectable()
export class EndUserEventsRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** The newest first. */
  async newest(referenceId: string, limit: number): Promise<EndUserEvent[]> {
    const { rows } = await runSql<EndUserEvent>(
      this.dataSource,
      `SELECT id, type, position, occurred_at AS "occurredAt", connection_id AS "connectionId"
        FROM terra_connect.outgoing_events WHERE reference_id = $1 ORDER BY position DESC LIMIT $2`,
      [referenceId, limit],
    );
    return rows;
  }

  /** The deliveries of events to endpoints that are not deleted, oldest endpoint first. */
  async deliveriesOf(eventIds: string[]): Promise<EndUserDelivery[]> {
    if (eventIds.length === 0) return [];
    const { rows } = await runSql<EndUserDelivery>(
      this.dataSource,
      `SELECT event_id AS "eventId", endpoint_id AS "endpointId", status, attempts, last_attempts -> -1 AS "lastAttempt"
        FROM terra_connect.event_deliveries
        WHERE endpoint_id IN (SELECT id FROM terra_connect.event_endpoints WHERE deleted_at IS NULL)
          AND event_id = ANY($1) ORDER BY endpoint_id`,
      [eventIds],
    );
    return rows;
  }

  /** Every endpoint that is not deleted, oldest first. */
  async endpoints(referenceId: string): Promise<EndUserEndpoint[]> {
    const { rows } = await runSql<Omit<EndUserEndpoint, 'lane'> & NonNullable<EndUserEndpoint['lane']>>(
      this.dataSource,
      `SELECT endpoint.id, endpoint.url, endpoint.types, endpoint.enabled, endpoint.disabled_reason AS "disabledReason",
          lane.attempts, lane.failing_since AS "failingSince", lane.due_at AS "dueAt",
          first.event_id AS "firstEventId", first.last_attempts -> -1 AS "lastAttempt"
        FROM terra_connect.event_endpoints endpoint
        LEFT JOIN terra_connect.event_lanes lane ON lane.endpoint_id = endpoint.id AND lane.lane_key = $1
        LEFT JOIN LATERAL (
          SELECT event_id, last_attempts FROM terra_connect.event_deliveries
            WHERE endpoint_id = lane.endpoint_id AND lane_key = lane.lane_key AND status = 'pending'
            ORDER BY position LIMIT 1) first ON true
        WHERE endpoint.deleted_at IS NULL ORDER BY endpoint.id`,
      [referenceId],
    );
    return rows.map(({ attempts, failingSince, dueAt, firstEventId, lastAttempt, ...endpoint }) => ({
      ...endpoint,
      // A lane without a waiting event is about to be deleted.
      lane: firstEventId === null ? null : { attempts, failingSince, dueAt, firstEventId, lastAttempt },
    }));
  }
}
