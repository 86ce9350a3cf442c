import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import {
  ApiCount,
  ApiId,
  ApiNullableEnum,
  ApiNullableText,
  ApiReferenceId,
  ApiTime,
  PageOf,
} from '../../http';
import { ACTIONS, type Action } from '../terra-diff';
import { FINDING_OUTCOMES, type FindingOutcome, type SweepFinding } from '../sweep-finding.entity';
import { APPROVAL_REASONS, type ApprovalReason } from '../approval';
import { SWEEP_PHASES, SWEEP_STATUSES, type Sweep, type SweepPhase, type SweepStatus } from '../sweep.entity';
import type { SweepReport } from '../sweeps.service';
import { DifferenceDto } from './reconcile-report.dto';

@ApiSchema({ description: "A sweep reads all of Terra's users and corrects the differences." })
export class SweepDto {
  @ApiId('Id of the sweep.')
  id: string;

  @ApiProperty({
    enum: SWEEP_STATUSES,
    description:
      '`running`: a worker processes the sweep, or will soon. `awaiting_approval`: the changes exceed the safety threshold, and none was applied; an operator approves them with `force`. `completed`: the sweep is done. `failed`: an error stopped the sweep (`errorCode`); a sweep that is requested within 6 hours of its start resumes it. `overtaken`: the sweep awaited approval until a later sweep completed.',
    example: 'completed',
  })
  status: SweepStatus;

  @ApiProperty({
    enum: SWEEP_PHASES,
    description:
      "`reading`: the sweep reads Terra's pages. `diffing`: the sweep looks for Terra users that no page listed. `applying`: the sweep applies the corrections.",
    example: 'applying',
  })
  phase: SweepPhase;

  /** Whether the sweep only reports the differences. */
  dryRun: boolean;

  /** Whether an operator has approved the sweep with `force`. */
  forced: boolean;

  /** Whether the sweep connects any number of unknown Terra users that have a reference id (`adopt`). */
  adopts: boolean;

  /**
   * Who requested or last resumed the sweep: the id of an API key, `cli` or `schedule`.
   * @example 'schedule'
   */
  actor: string;

  @ApiCount('Number of Terra users read so far.', 1204)
  usersSeen: number;

  @ApiCount(
    "Number of entries in Terra's list that the service could not read. If there are any, the sweep marks no Terra user as missing.",
    0,
  )
  unreadable: number;

  @ApiCount(
    'Number of live connections (`active`, `needs_reauth` or `disconnecting`) after all pages were read; null before that.',
    1203,
    { nullable: true },
  )
  live: number | null;

  @ApiCount('Number of differences that need a change.', 3)
  changes: number;

  @ApiCount('Number of changes applied so far.', 3)
  applied: number;

  @ApiNullableEnum(
    APPROVAL_REASONS,
    'Why the sweep needs approval. `empty_list`: Terra listed no user. `too_many_changes`: the changes are more than SWEEP_SAFETY_THRESHOLD_SHARE of the live connections and more than SWEEP_SAFETY_THRESHOLD_MINIMUM. `unknown_users`: so they are, but only because Terra lists many users that the service does not know, as on the first day with a Terra account that already has users; `adopt` connects them. null: it needs no approval.',
  )
  approvalReason: ApprovalReason | null;

  @ApiNullableText('Code of the error that stopped the sweep; null if it has not failed.')
  errorCode: string | null;

  @ApiTime('When the sweep started.', { example: '2026-11-23T03:00:00.000Z' })
  startedAt: Date;

  @ApiTime('When the sweep completed, failed or began to await approval; null before that.', {
    nullable: true,
    example: '2026-11-23T03:00:05.000Z',
  })
  finishedAt: Date | null;

  static from(sweep: Sweep): SweepDto {
    const { id, status, phase, dryRun, forced, adopts, actor, usersSeen, unreadable, live, changes } = sweep;
    const { applied, approvalReason, errorCode, startedAt, finishedAt } = sweep;
    const counts = { usersSeen, unreadable, live, changes, applied };
    const result = { approvalReason, errorCode, startedAt, finishedAt };
    return { id, status, phase, dryRun, forced, adopts, actor, ...counts, ...result };
  }
}

@ApiSchema({ description: 'A page of sweeps.' })
export class SweepPageDto extends PageOf(SweepDto, 'Newest first.') {}

@ApiSchema({ description: 'A difference that a sweep has found.' })
export class SweepFindingDto extends DifferenceDto {
  @ApiReferenceId('Your id of the end user; null if neither Terra nor the service knows it.', {
    nullable: true,
  })
  referenceId: string | null;

  @ApiNullableEnum(
    FINDING_OUTCOMES,
    'Outcome of the finding. `applied`: the service applied the correction. `overtaken`: a newer fact made the finding invalid. `still_there`: Terra knew the user when the service asked for it by id. `failed`: the log has the reason. null: not applied yet, or only reported.',
    'applied',
  )
  outcome: FindingOutcome | null;

  static from({ action, terraUserId, connectionId, referenceId, outcome }: SweepFinding): SweepFindingDto {
    return { action, terraUserId, connectionId, referenceId, outcome };
  }
}

@ApiSchema({ description: 'A sweep with its findings.' })
export class SweepReportDto extends SweepDto {
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'integer' },
    description: `Number of findings by action: ${ACTIONS.join(', ')}.`,
    example: { link: 2, mark_missing: 1 },
  })
  counts: Partial<Record<Action, number>>;

  /** The first 100 findings. */
  findings: SweepFindingDto[];

  /** Not named `from`, because TypeScript would require that it accepts a Sweep like `SweepDto.from`. */
  static of({ sweep, counts, findings }: SweepReport): SweepReportDto {
    return {
      ...SweepDto.from(sweep),
      counts,
      findings: findings.map((finding) => SweepFindingDto.from(finding)),
    };
  }
}
