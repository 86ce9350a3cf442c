import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { EventType } from './event-types';

/**
 * One row per event for the callers, written in the transaction of the change that it tells. A row never changes, but for
 * its position.
 */
@Entity({ schema: 'terra_connect', name: 'outgoing_events', synchronize: false })
export class OutgoingEvent {
  /** The time of the insertion decides the partition, so it is a UUID of version 7. */
  @PrimaryColumn({ type: 'uuid', name: 'id' })
  id: string;

  /** The order of insertion. Two events of one end user are inserted under a lock, so they are in the order of the changes. */
  @Column({ type: 'bigint', name: 'ordinal', insert: false })
  ordinal: string;

  /**
   * The place in the order of commits; null until the sequencer has given it. An event gets its place when it is visible to
   * every reader, so a reader who has read up to a position has missed nothing before it.
   */
  @Column({ type: 'bigint', name: 'position', nullable: true, insert: false })
  position: string | null;

  @Column({ type: 'text', name: 'type' })
  type: EventType;

  /** The end user; null for an event about none. */
  @Column({ type: 'text', name: 'reference_id', nullable: true })
  referenceId: string | null;

  @Column({ type: 'uuid', name: 'connection_id', nullable: true })
  connectionId: string | null;

  @Column({ type: 'timestamptz', name: 'occurred_at' })
  occurredAt: Date;

  /** The `data` of the CloudEvent as JSON; without Terra's body, which `EventBody` holds. */
  @Column({ type: 'text', name: 'data' })
  data: string;

  @Column({ type: 'timestamptz', name: 'created_at' })
  createdAt: Date;
}
