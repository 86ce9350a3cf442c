import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import type { Page } from '../../http';
import { ACTIONS, type Action } from '../terra-diff';
import { FINDING_OUTCOMES, type FindingOutcome, type SweepFinding } from '../sweep-finding.entity';
import {
  APPROVAL_REASONS,
  SWEEP_PHASES,
  SWEEP_STATUSES,
  type ApprovalReason,
  type Sweep,
  type SweepPhase,
  type SweepStatus,
} from '../sweep.entity';
import type { SweepReport } from '../sweeps.service';
import { DifferenceDto } from './reconcile-report.dto';

@ApiSchema({ description: "One reading of all of Terra's users, with what came of it." })
export class SweepDto {
  /**
   * Id of the sweep.
   * @example '01980c0e-7b1a-7c3e-9d55-0f2b6f1c9a10'
   */
  id: string;

  @ApiProperty({
    enum: SWEEP_STATUSES,
    description:
      '`running`. `awaiting_approval`: the changes exceed the safety threshold, and none was applied; an operator approves with `force`. `completed`. `failed`: Terra could not be read; the next sweep resumes there. `overtaken`: it awaited approval until a later sweep completed.',
    example: 'completed',
  })
  status: SweepStatus;

  @ApiProperty({
    enum: SWEEP_PHASES,
    description: 'How far it has come: reading pages, comparing whom they left out, applying what was found.',
    example: 'applying',
  })
  phase: SweepPhase;

  /** Whether it only reports what it would do. */
  dryRun: boolean;

  /** Whether an operator has approved it with `force`. */
  forced: boolean;

  /**
   * Who asked for it: the id of an API key, `cli` or `schedule`.
   * @example 'schedule'
   */
  actor: string;

  @ApiProperty({ type: 'integer', description: 'Users that Terra has named so far.', example: 1204 })
  usersSeen: number;

  @ApiProperty({
    type: 'integer',
    description: 'Entries that could not be read; with any, nobody counts as missing.',
    example: 0,
  })
  unreadable: number;

  @ApiProperty({
    type: 'integer',
    nullable: true,
    description: 'Connections that were live here when Terra had been read; null before that.',
    example: 1203,
  })
  live: number | null;

  @ApiProperty({ type: 'integer', description: 'Differences that would change something.', example: 3 })
  changes: number;

  @ApiProperty({ type: 'integer', description: 'How many of them have been applied.', example: 3 })
  applied: number;

  @ApiProperty({
    enum: APPROVAL_REASONS,
    nullable: true,
    description:
      'Why it needs approval. `empty_list`: Terra listed no user. `too_many_changes`: more than SWEEP_SAFETY_THRESHOLD_SHARE of the live connections would change. null: it needs none.',
    example: null,
  })
  approvalReason: ApprovalReason | null;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Code of the error that it failed with.',
    example: null,
  })
  errorCode: string | null;

  /**
   * When it was begun.
   * @example '2026-11-23T03:00:00.000Z'
   */
  startedAt: Date;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'When it was completed, held or failed.',
    example: '2026-11-23T03:00:05.000Z',
  })
  finishedAt: Date | null;

  static from(sweep: Sweep): SweepDto {
    const { id, status, phase, dryRun, forced, actor, usersSeen, unreadable, live, changes } = sweep;
    const { applied, approvalReason, errorCode, startedAt, finishedAt } = sweep;
    const counts = { usersSeen, unreadable, live, changes, applied };
    return {
      id,
      status,
      phase,
      dryRun,
      forced,
      actor,
      ...counts,
      approvalReason,
      errorCode,
      startedAt,
      finishedAt,
    };
  }
}

@ApiSchema({ description: 'A page of sweeps.' })
export class SweepPageDto {
  /** Newest first. */
  items: SweepDto[];

  @ApiProperty({ description: 'Give it back as `cursor` to read on; null on the last page.', example: null })
  nextCursor: string | null;

  static from({ items, nextCursor }: Page<Sweep>): SweepPageDto {
    return { items: items.map((sweep) => SweepDto.from(sweep)), nextCursor };
  }
}

@ApiSchema({ description: 'A difference that a sweep has found.' })
export class SweepFindingDto extends DifferenceDto {
  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Your id of the end user; null when neither Terra nor we know it.',
    example: 'user-4711',
  })
  referenceId: string | null;

  @ApiProperty({
    enum: FINDING_OUTCOMES,
    nullable: true,
    description:
      'What became of it: `applied`; `overtaken` newer news had come; `still_there` Terra knew the user when asked by id; `failed`, the log says why. null: nothing yet, or it is only reported.',
    example: 'applied',
  })
  outcome: FindingOutcome | null;

  static of(finding: SweepFinding): SweepFindingDto {
    const { action, terraUserId, connectionId, referenceId, outcome } = finding;
    return { action, terraUserId, connectionId, referenceId, outcome };
  }
}

@ApiSchema({ description: 'A sweep with what it has found.' })
export class SweepReportDto extends SweepDto {
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'integer' },
    description: `How many differences of each kind: ${ACTIONS.join(', ')}.`,
    example: { link: 2, mark_missing: 1 },
  })
  counts: Partial<Record<Action, number>>;

  /** The first hundred differences. */
  findings: SweepFindingDto[];

  static of({ sweep, counts, findings }: SweepReport): SweepReportDto {
    return {
      ...SweepDto.from(sweep),
      counts,
      findings: findings.map((finding) => SweepFindingDto.of(finding)),
    };
  }
}
