import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * - `running` a process works on it, or will once the lease is over
 * - `awaiting_approval` its changes exceed the safety threshold; none was applied, an operator decides
 * - `completed` done; a dry run changes nothing
 * - `failed` Terra could not be read; the next sweep resumes there or starts over
 * - `overtaken` it awaited approval until a later sweep completed
 */
export const SWEEP_STATUSES = ['running', 'awaiting_approval', 'completed', 'failed', 'overtaken'] as const;
export type SweepStatus = (typeof SWEEP_STATUSES)[number];

/** Reading Terra's pages, finding the Terra users that they lack, applying the corrections. */
export const SWEEP_PHASES = ['reading', 'diffing', 'applying'] as const;
export type SweepPhase = (typeof SWEEP_PHASES)[number];

/** Why a sweep needs approval. */
export const APPROVAL_REASONS = ['empty_list', 'too_many_changes'] as const;
export type ApprovalReason = (typeof APPROVAL_REASONS)[number];

/** One row per sweep: a reading of all of Terra's users, and what came of it. */
@Entity({ schema: 'terra_connect', name: 'sweeps' })
export class Sweep {
  @PrimaryColumn({ type: 'uuid', name: 'id' })
  id: string;

  @Column({ type: 'text', name: 'status' })
  status: SweepStatus;

  @Column({ type: 'text', name: 'phase' })
  phase: SweepPhase;

  @Column({ type: 'boolean', name: 'dry_run' })
  dryRun: boolean;

  /** An operator has approved it, before or after it exceeded the safety threshold. */
  @Column({ type: 'boolean', name: 'forced' })
  forced: boolean;

  /** An API key's id, `cli` or `schedule`. */
  @Column({ type: 'text', name: 'actor' })
  actor: string;

  /** The page to read next. */
  @Column({ type: 'integer', name: 'next_page' })
  nextPage: number;

  /** The last of our Terra users that was looked for among those seen. */
  @Column({ type: 'text', name: 'diff_after', nullable: true })
  diffAfter: string | null;

  @Column({ type: 'integer', name: 'users_seen' })
  usersSeen: number;

  /** How many entries of Terra's pages could not be parsed. */
  @Column({ type: 'integer', name: 'unreadable' })
  unreadable: number;

  /** How many connections were live when all pages were read. */
  @Column({ type: 'integer', name: 'live', nullable: true })
  live: number | null;

  @Column({ type: 'integer', name: 'changes' })
  changes: number;

  @Column({ type: 'integer', name: 'applied' })
  applied: number;

  @Column({ type: 'text', name: 'approval_reason', nullable: true })
  approvalReason: ApprovalReason | null;

  /** The code of the error that it failed with. */
  @Column({ type: 'text', name: 'error_code', nullable: true })
  errorCode: string | null;

  @Column({ type: 'timestamptz', name: 'started_at' })
  startedAt: Date;

  @Column({ type: 'timestamptz', name: 'updated_at' })
  updatedAt: Date;

  @Column({ type: 'timestamptz', name: 'finished_at', nullable: true })
  finishedAt: Date | null;

  /** The process that works on it; after `leaseUntil` any process may. */
  @Column({ type: 'uuid', name: 'lease_owner', nullable: true })
  leaseOwner: string | null;

  @Column({ type: 'timestamptz', name: 'lease_until' })
  leaseUntil: Date;
}
