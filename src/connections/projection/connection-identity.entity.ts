import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { FactCause } from './connection-fact';

/** One row per Terra user that the service knows, with its connection. Computed from facts, except `missingSince` and `inactiveSince`. */
@Entity({ schema: 'terra_connect', name: 'connection_identities', synchronize: false })
export class ConnectionIdentity {
  @PrimaryColumn({ type: 'text', name: 'terra_user_id' })
  terraUserId: string;

  /** null while no fact names the owner. */
  @Column({ type: 'uuid', name: 'connection_id', nullable: true })
  connectionId: string | null;

  @Column({ type: 'text', name: 'reference_id', nullable: true })
  referenceId: string | null;

  @Column({ type: 'text', name: 'provider', nullable: true })
  provider: string | null;

  /** The cause of the earliest fact. */
  @Column({ type: 'text', name: 'cause' })
  cause: FactCause;

  /** When the earliest fact occurred. */
  @Column({ type: 'timestamptz', name: 'first_seen_at' })
  firstSeenAt: Date;

  /** When the Terra user was linked; null while only other facts have arrived, such as its end. */
  @Column({ type: 'timestamptz', name: 'linked_at', nullable: true })
  linkedAt: Date | null;

  /** The Terra user that replaced this one at a reconnect. */
  @Column({ type: 'text', name: 'superseded_by', nullable: true })
  supersededBy: string | null;

  @Column({ type: 'timestamptz', name: 'superseded_at', nullable: true })
  supersededAt: Date | null;

  @Column({ type: 'timestamptz', name: 'ended_at', nullable: true })
  endedAt: Date | null;

  @Column({ type: 'text', name: 'ended_cause', nullable: true })
  endedCause: FactCause | null;

  /** Since when Terra's lists lack this Terra user although no fact reports its end. One list is no proof. */
  @Column({ type: 'timestamptz', name: 'missing_since', nullable: true })
  missingSince: Date | null;

  /** Since when Terra calls this Terra user inactive without a second sign: Terra may only have paused it. */
  @Column({ type: 'timestamptz', name: 'inactive_since', nullable: true })
  inactiveSince: Date | null;
}
