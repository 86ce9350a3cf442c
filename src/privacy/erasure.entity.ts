import { Column, Entity, PrimaryColumn } from 'typeorm';

/** `pending`: Terra has still to confirm, or our rows are still there. `completed`: nothing names the person any more. */
export const ERASURE_STATUSES = ['pending', 'completed'] as const;
export type ErasureStatus = (typeof ERASURE_STATUSES)[number];

/** How Terra confirmed one of the ends; without saying whose. */
export interface ErasureConfirmation {
  requestedAt: string;
  confirmedAt: string | null;
  /** `ended`, or `not_found`: Terra did not know the user any more. */
  outcome: string | null;
  attempts: number;
}

/** An end user was, or is to be, forgotten. In the end this is the receipt, and holds no id that can be read. */
@Entity({ schema: 'terra_connect', name: 'erasures' })
export class Erasure {
  @PrimaryColumn({ type: 'uuid', name: 'id' })
  id: string;

  /** null once it is complete. */
  @Column({ type: 'text', name: 'reference_id', nullable: true })
  referenceId: string | null;

  /** Like that of the end user's tombstone. */
  @Column({ type: 'bytea', name: 'reference_digest' })
  referenceDigest: Buffer;

  @Column({ type: 'text', name: 'status' })
  status: ErasureStatus;

  /** Who asked: an API key's id. */
  @Column({ type: 'text', name: 'actor' })
  actor: string;

  @Column({ type: 'timestamptz', name: 'requested_at' })
  requestedAt: Date;

  @Column({ type: 'timestamptz', name: 'completed_at', nullable: true })
  completedAt: Date | null;

  /** Rows that were deleted or disguised, by what they were. */
  @Column({ type: 'jsonb', name: 'counts' })
  counts: Record<string, number>;

  @Column({ type: 'jsonb', name: 'confirmations' })
  confirmations: ErasureConfirmation[];
}
