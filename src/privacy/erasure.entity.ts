import { Column, Entity, PrimaryColumn } from 'typeorm';

/** `pending`: the rows are not erased yet; Terra may have to confirm ends. `completed`: no row names the end user. */
export const ERASURE_STATUSES = ['pending', 'completed'] as const;
export type ErasureStatus = (typeof ERASURE_STATUSES)[number];

/** How Terra confirmed the end of one Terra user, without its id. */
export interface ErasureConfirmation {
  requestedAt: string;
  confirmedAt: string | null;
  /** `ended`, or `not_found`: Terra no longer knew the user. */
  outcome: string | null;
  attempts: number;
}

/** One row per erasure of an end user. A completed row is the receipt and holds no readable id. */
@Entity({ schema: 'terra_connect', name: 'erasures', synchronize: false })
export class Erasure {
  @PrimaryColumn({ type: 'uuid', name: 'id' })
  id: string;

  /** null after the completion. */
  @Column({ type: 'text', name: 'reference_id', nullable: true })
  referenceId: string | null;

  /** Equal to the digest of the end user's tombstone. */
  @Column({ type: 'bytea', name: 'reference_digest' })
  referenceDigest: Buffer;

  @Column({ type: 'text', name: 'status' })
  status: ErasureStatus;

  /** Who requested the erasure: an API key's id. */
  @Column({ type: 'text', name: 'actor' })
  actor: string;

  @Column({ type: 'timestamptz', name: 'requested_at' })
  requestedAt: Date;

  @Column({ type: 'timestamptz', name: 'completed_at', nullable: true })
  completedAt: Date | null;

  /** How many rows were deleted or pseudonymized, by kind. */
  @Column({ type: 'jsonb', name: 'counts' })
  counts: Record<string, number>;

  @Column({ type: 'jsonb', name: 'confirmations' })
  confirmations: ErasureConfirmation[];
}
