import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * One row per endpoint and end user with pending deliveries. The lane is the unit of order, of leases and of retries: one
 * worker at a time sends its deliveries, one after the other, so that events of one end user arrive in order.
 */
@Entity({ schema: 'terra_connect', name: 'event_lanes', synchronize: false })
export class EventLane {
  @PrimaryColumn({ type: 'uuid', name: 'endpoint_id' })
  endpointId: string;

  /** The reference id of the end user; empty for events about none. */
  @PrimaryColumn({ type: 'text', name: 'lane_key' })
  laneKey: string;

  /** When the next attempt is due. While a worker has the lane, the end of its lease. */
  @Column({ type: 'timestamptz', name: 'due_at' })
  dueAt: Date;

  /** The token of the worker that has the lane, or had it until its lease ended; null: none. */
  @Column({ type: 'uuid', name: 'lease', nullable: true })
  lease: string | null;

  /** Failed attempts of the first pending delivery. */
  @Column({ type: 'integer', name: 'attempts' })
  attempts: number;

  /** When the first of these failed; null: none has. */
  @Column({ type: 'timestamptz', name: 'failing_since', nullable: true })
  failingSince: Date | null;
}
