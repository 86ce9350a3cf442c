import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One row per engine to which a relay publishes the log. A process works on it while it holds the lease. */
@Entity({ schema: 'terra_connect', name: 'event_relays', synchronize: false })
export class EventRelay {
  /** `nats`. */
  @PrimaryColumn({ type: 'text', name: 'name' })
  name: string;

  /** The events up to this position are stored by the engine, or not to be published. */
  @Column({ type: 'bigint', name: 'position' })
  position: string;

  /** The process that publishes; null: none. */
  @Column({ type: 'uuid', name: 'lease_owner', nullable: true })
  leaseOwner: string | null;

  /** After this time, another process may take over. */
  @Column({ type: 'timestamptz', name: 'leased_until', nullable: true })
  leasedUntil: Date | null;

  @Column({ type: 'timestamptz', name: 'updated_at' })
  updatedAt: Date;
}
