import { Column, Entity, PrimaryColumn } from 'typeorm';

/** `pending`: Terra has not confirmed yet. `confirmed`: it has ended the user, or does not know it. */
export const DEAUTHENTICATION_STATUSES = ['pending', 'confirmed'] as const;
export type DeauthenticationStatus = (typeof DEAUTHENTICATION_STATUSES)[number];

/** The ledger: no Terra user is ever deauthenticated without a row here that says who asked, and why. */
@Entity({ schema: 'terra_connect', name: 'deauthentications' })
export class Deauthentication {
  @PrimaryColumn({ type: 'uuid', name: 'id' })
  id: string;

  @Column({ type: 'text', name: 'terra_user_id' })
  terraUserId: string;

  @Column({ type: 'uuid', name: 'connection_id', nullable: true })
  connectionId: string | null;

  @Column({ type: 'text', name: 'reference_id', nullable: true })
  referenceId: string | null;

  /** An API key's id, `cli`, `sweep`, … */
  @Column({ type: 'text', name: 'actor' })
  actor: string;

  @Column({ type: 'text', name: 'reason' })
  reason: string;

  @Column({ type: 'text', name: 'status' })
  status: DeauthenticationStatus;

  /** Calls made to Terra. */
  @Column({ type: 'integer', name: 'attempts' })
  attempts: number;

  @Column({ type: 'timestamptz', name: 'requested_at' })
  requestedAt: Date;

  @Column({ type: 'timestamptz', name: 'next_attempt_at' })
  nextAttemptAt: Date;

  @Column({ type: 'timestamptz', name: 'last_attempt_at', nullable: true })
  lastAttemptAt: Date | null;

  /** Of the last call: `ended`, `not_found`, or the code of the error. */
  @Column({ type: 'text', name: 'last_outcome', nullable: true })
  lastOutcome: string | null;

  @Column({ type: 'timestamptz', name: 'confirmed_at', nullable: true })
  confirmedAt: Date | null;

  /** When Terra's lists were next read to the end and did not name the user any more. */
  @Column({ type: 'timestamptz', name: 'verified_at', nullable: true })
  verifiedAt: Date | null;
}

/** Whom to end at Terra, who asked, and why. */
export type DeauthenticationRequest = Pick<
  Deauthentication,
  'terraUserId' | 'connectionId' | 'referenceId' | 'actor' | 'reason'
>;
