import { Column, Entity, PrimaryColumn } from 'typeorm';

/** `pending`: Terra has not confirmed yet. `confirmed`: Terra ended the user, or has no such user. */
type DeauthenticationStatus = 'pending' | 'confirmed';

/**
 * One row per deauthentication request: who requested the end of a Terra user, why, and what Terra answered. The
 * service never deauthenticates a Terra user without such a row.
 */
@Entity({ schema: 'terra_connect', name: 'deauthentications', synchronize: false })
export class Deauthentication {
  @PrimaryColumn({ type: 'uuid', name: 'id' })
  id: string;

  @Column({ type: 'text', name: 'terra_user_id' })
  terraUserId: string;

  @Column({ type: 'uuid', name: 'connection_id', nullable: true })
  connectionId: string | null;

  @Column({ type: 'text', name: 'reference_id', nullable: true })
  referenceId: string | null;

  /** Who requested it: the id of an API key, or a part of the service such as `sweep`. */
  @Column({ type: 'text', name: 'actor' })
  actor: string;

  @Column({ type: 'text', name: 'reason' })
  reason: string;

  @Column({ type: 'text', name: 'status' })
  status: DeauthenticationStatus;

  /** How many times a worker has called Terra. */
  @Column({ type: 'integer', name: 'attempts' })
  attempts: number;

  @Column({ type: 'timestamptz', name: 'requested_at' })
  requestedAt: Date;

  @Column({ type: 'timestamptz', name: 'next_attempt_at' })
  nextAttemptAt: Date;

  @Column({ type: 'timestamptz', name: 'last_attempt_at', nullable: true })
  lastAttemptAt: Date | null;

  /** The outcome of the last call: `ended`, `not_found`, or the code of an error. */
  @Column({ type: 'text', name: 'last_outcome', nullable: true })
  lastOutcome: string | null;

  @Column({ type: 'timestamptz', name: 'confirmed_at', nullable: true })
  confirmedAt: Date | null;

  /** When a later sweep finished reading Terra's list without finding the user. */
  @Column({ type: 'timestamptz', name: 'verified_at', nullable: true })
  verifiedAt: Date | null;
}

/** Which Terra user to end, who requests it, and why. */
export type DeauthenticationRequest = Pick<
  Deauthentication,
  'terraUserId' | 'connectionId' | 'referenceId' | 'actor' | 'reason'
>;
