import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Action } from './terra-diff';

/** `overtaken`: a newer fact made the finding invalid. `still_there`: Terra knew the user when asked by id. */
export const FINDING_OUTCOMES = ['applied', 'overtaken', 'still_there', 'failed'] as const;
export type FindingOutcome = (typeof FINDING_OUTCOMES)[number];

/** One row per correction that a sweep found, with what Terra said. The sweep judges it again before it applies it. */
@Entity({ schema: 'terra_connect', name: 'sweep_findings', synchronize: false })
export class SweepFinding {
  @PrimaryColumn({ type: 'uuid', name: 'sweep_id' })
  sweepId: string;

  @PrimaryColumn({ type: 'text', name: 'terra_user_id' })
  terraUserId: string;

  @PrimaryColumn({ type: 'text', name: 'action' })
  action: Action;

  @Column({ type: 'text', name: 'reference_id', nullable: true })
  referenceId: string | null;

  @Column({ type: 'uuid', name: 'connection_id', nullable: true })
  connectionId: string | null;

  /** The user as Terra listed it; null when Terra did not list it. */
  @Column({ type: 'jsonb', name: 'observed', nullable: true })
  observed: unknown;

  @Column({ type: 'timestamptz', name: 'observed_at' })
  observedAt: Date;

  /** When the outcome was recorded; null before that. */
  @Column({ type: 'timestamptz', name: 'settled_at', nullable: true })
  settledAt: Date | null;

  @Column({ type: 'text', name: 'outcome', nullable: true })
  outcome: FindingOutcome | null;
}
