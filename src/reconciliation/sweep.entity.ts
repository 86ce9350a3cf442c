import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { ApprovalReason } from './approval';

/**
 * - `running` a process works on the sweep; when the lease ends, another process continues
 * - `awaiting_approval` the changes exceed the safety threshold; none was applied, and an operator decides
 * - `completed` the sweep is done; a dry run has changed nothing
 * - `failed` an error stopped the sweep; a sweep that is requested within 6 hours of its start resumes it
 * - `overtaken` the sweep awaited approval until a later sweep completed
 */
export const SWEEP_STATUSES = ['running', 'awaiting_approval', 'completed', 'failed', 'overtaken'] as const;
export type SweepStatus = (typeof SWEEP_STATUSES)[number];

/** A sweep reads Terra's pages, finds the known Terra users that no page listed, and applies the corrections. */
export const SWEEP_PHASES = ['reading', 'diffing', 'applying'] as const;
export type SweepPhase = (typeof SWEEP_PHASES)[number];

/** One row per sweep, with its progress and its result. */
@Entity({ schema: 'terra_connect', name: 'sweeps', synchronize: false })
export class Sweep {
  @PrimaryColumn({ type: 'uuid', name: 'id' })
  id: string;

  @Column({ type: 'text', name: 'status' })
  status: SweepStatus;

  @Column({ type: 'text', name: 'phase' })
  phase: SweepPhase;

  @Column({ type: 'boolean', name: 'dry_run' })
  dryRun: boolean;

  /** Whether an operator has approved the sweep, before or after it exceeded the safety threshold. */
  @Column({ type: 'boolean', name: 'forced' })
  forced: boolean;

  /** Whether the sweep may link any number of unknown Terra users. Its other changes need approval as ever. */
  @Column({ type: 'boolean', name: 'adopts' })
  adopts: boolean;

  /** Who requested or last resumed the sweep: an API key's id, `cli` or `schedule`. */
  @Column({ type: 'text', name: 'actor' })
  actor: string;

  /** The page to read next. */
  @Column({ type: 'integer', name: 'next_page' })
  nextPage: number;

  /** The last known Terra user that the diff has checked. */
  @Column({ type: 'text', name: 'diff_after', nullable: true })
  diffAfter: string | null;

  @Column({ type: 'integer', name: 'users_seen' })
  usersSeen: number;

  /** How many entries of Terra's pages the service could not read. */
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

  /** The code of the error that stopped the sweep. */
  @Column({ type: 'text', name: 'error_code', nullable: true })
  errorCode: string | null;

  @Column({ type: 'timestamptz', name: 'started_at' })
  startedAt: Date;

  @Column({ type: 'timestamptz', name: 'updated_at' })
  updatedAt: Date;

  @Column({ type: 'timestamptz', name: 'finished_at', nullable: true })
  finishedAt: Date | null;

  /** The process that works on the sweep. After `leaseUntil`, any process may take it. */
  @Column({ type: 'uuid', name: 'lease_owner', nullable: true })
  leaseOwner: string | null;

  @Column({ type: 'timestamptz', name: 'lease_until' })
  leaseUntil: Date;
}
