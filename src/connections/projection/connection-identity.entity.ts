import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { FactCause } from './connection-fact';

/** Every Terra user of whom we have heard, and with which connection it is. Computed from the facts about it. */
@Entity({ schema: 'terra_connect', name: 'connection_identities' })
export class ConnectionIdentity {
  @PrimaryColumn({ type: 'text', name: 'terra_user_id' })
  terraUserId: string;

  /** null while nobody has told us whose account it is. */
  @Column({ type: 'uuid', name: 'connection_id', nullable: true })
  connectionId: string | null;

  @Column({ type: 'text', name: 'reference_id', nullable: true })
  referenceId: string | null;

  @Column({ type: 'text', name: 'provider', nullable: true })
  provider: string | null;

  /** Of the earliest fact. */
  @Column({ type: 'text', name: 'cause' })
  cause: FactCause;

  /** When the earliest fact happened. */
  @Column({ type: 'timestamptz', name: 'first_seen_at' })
  firstSeenAt: Date;

  /** null for one of whom we have heard only other things: its end before its beginning, say. */
  @Column({ type: 'timestamptz', name: 'linked_at', nullable: true })
  linkedAt: Date | null;

  /** The identity that took over when the account was connected again. */
  @Column({ type: 'text', name: 'superseded_by', nullable: true })
  supersededBy: string | null;

  @Column({ type: 'timestamptz', name: 'superseded_at', nullable: true })
  supersededAt: Date | null;

  @Column({ type: 'timestamptz', name: 'ended_at', nullable: true })
  endedAt: Date | null;

  @Column({ type: 'text', name: 'ended_cause', nullable: true })
  endedCause: FactCause | null;

  /** Since when Terra's lists lack it, though nobody told us of its end; a single list is no proof. */
  @Column({ type: 'timestamptz', name: 'missing_since', nullable: true })
  missingSince: Date | null;
}
