import { Column, Entity, PrimaryColumn } from 'typeorm';

/** How we learned of an identity, or of its end. */
export type IdentityCause =
  'auth' | 'landing' | 'user_reauth' | 'deauth' | 'access_revoked' | 'disconnected_by_us';

/** Every Terra `user_id` that a connection has had. */
@Entity({ schema: 'terra_connect', name: 'connection_identities' })
export class ConnectionIdentity {
  @PrimaryColumn({ type: 'text', name: 'terra_user_id' })
  terraUserId: string;

  /** null for an identity whose end we learned before its beginning. */
  @Column({ type: 'uuid', name: 'connection_id', nullable: true })
  connectionId: string | null;

  @Column({ type: 'text', name: 'reference_id', nullable: true })
  referenceId: string | null;

  @Column({ type: 'text', name: 'provider', nullable: true })
  provider: string | null;

  @Column({ type: 'text', name: 'cause' })
  cause: IdentityCause;

  @Column({ type: 'timestamptz', name: 'first_seen_at' })
  firstSeenAt: Date;

  /** The identity that took over when the account was connected again. */
  @Column({ type: 'text', name: 'superseded_by', nullable: true })
  supersededBy: string | null;

  @Column({ type: 'timestamptz', name: 'superseded_at', nullable: true })
  supersededAt: Date | null;

  @Column({ type: 'timestamptz', name: 'ended_at', nullable: true })
  endedAt: Date | null;

  @Column({ type: 'text', name: 'ended_cause', nullable: true })
  endedCause: IdentityCause | null;
}
