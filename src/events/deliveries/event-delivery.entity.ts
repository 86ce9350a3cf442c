import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * - `pending`: the service will send the event, or send it again
 * - `delivered`: the endpoint has answered 2xx
 * - `given_up`: every attempt of three days failed
 * - `dropped`: the event must no longer leave the service, or is gone
 */
export const DELIVERY_STATUSES = ['pending', 'delivered', 'given_up', 'dropped'] as const;
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

/** One attempt to deliver an event. */
export interface DeliveryAttempt {
  /** An ISO 8601 time. */
  at: string;
  /** The HTTP status of the answer; null without one. */
  status: number | null;
  /** Why there was no answer, as a code; null with one. */
  error: string | null;
  /** How long the attempt took, in milliseconds. */
  ms: number;
}

/** One row per event and endpoint that subscribes to its type. */
@Entity({ schema: 'terra_connect', name: 'event_deliveries', synchronize: false })
export class EventDelivery {
  @PrimaryColumn({ type: 'uuid', name: 'endpoint_id' })
  endpointId: string;

  /** Decides the partition. */
  @PrimaryColumn({ type: 'uuid', name: 'event_id' })
  eventId: string;

  /** The position of the event. Deliveries of a lane are in this order. */
  @Column({ type: 'bigint', name: 'position' })
  position: string;

  /** The lane: the reference id of the end user; empty for an event about none. */
  @Column({ type: 'text', name: 'lane_key' })
  laneKey: string;

  @Column({ type: 'text', name: 'status' })
  status: DeliveryStatus;

  @Column({ type: 'integer', name: 'attempts' })
  attempts: number;

  /** The last ten, oldest first. */
  @Column({ type: 'jsonb', name: 'last_attempts' })
  lastAttempts: DeliveryAttempt[];

  @Column({ type: 'timestamptz', name: 'delivered_at', nullable: true })
  deliveredAt: Date | null;
}
