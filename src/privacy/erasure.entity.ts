import { Column, Entity, PrimaryColumn } from 'typeorm';

/** `pending`: Terra has not confirmed every end, or our rows are not erased yet. `completed`: no row names the end user. */
export const ERASURE_STATUSES = ['pending', 'completed'] as const;
export type ErasureStatus = (typeof ERASURE_STATUSES)[number];

/** How Terra confirmed the end of one account, without the account's ids. */
export interface ErasureConfirmation {
  requestedAt: string;
  confirmedAt: string | null;
  /** `ended`, or `not_found`: Terra no longer knew the user. */
  outcome: string | null;
  attempts: number;
}

/** One row per erasure of an end user. Once it is completed, it is the receipt and holds no readable id. */
@Entity({ schema: 'terra_connect', name: 'erasures' })
export class Erasure {
  @PrimaryColumn({ type: 'uuid', name: 'id' })
  id: string;

  /** null once it is completed. */
  @Column({ type: 'text', name: 'reference_id', nullable: true })
  referenceId: string | null;

  /** Equal to the digest of the end user's tombstone. */
  @Column({ type: 'bytea', name: 'reference_digest' })
  referenceDigest: Buffer;

  @Column({ type: 'text', name: 'status' })
  status: ErasureStatus;

  /** Who requested it: an API key's id. */
  @Column({ type: 'text', name: 'actor' })
  actor: string;

  @Column({ type: 'timestamptz', name: 'requested_at' })
  requestedAt: Date;

  @Column({ type: 'timestamptz', name: 'completed_at', nullable: true })
  completedAt: Date | null;

  /** How many rows were deleted or pseudonymized, by section. */
  @Column({ type: 'jsonb', name: 'counts' })
  counts: Record<string, number>;

  @Column({ type: 'jsonb', name: 'confirmations' })
  confirmations: ErasureConfirmation[];
}
