import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { ACTIONS, type Action } from '../terra-diff';
import { CONCLUSIONS, type Conclusion, type ReconcileReport } from '../connection-reconciler.service';

const WHAT_ACTIONS_MEAN = [
  '`link` Terra had it and we did not',
  '`revive` it had been taken for gone, and Terra lists it again',
  '`update_scopes` the person agrees to other scopes',
  '`mark_inactive`, `recover` Terra cannot get data, or can again',
  '`disconnect_again` it was disconnected here, and Terra still had it',
  '`mark_missing` Terra does not list it; believed when that is still so later on',
  '`still_missing` the same, and not long enough yet',
  '`end_absent` it was missing twice, and counts as disconnected',
  '`mark_seen` it had been missing, and is back',
  '`owner_conflict` Terra has it under another reference; a person has to look',
  '`contradiction` it was told to have ended, and Terra lists it; a person has to look',
  '`no_owner` Terra has it without a reference',
  '`not_authenticated` the person has not finished connecting it',
].join('; ');

@ApiSchema({ description: 'One difference between Terra and us.' })
export class DifferenceDto {
  @ApiProperty({ enum: ACTIONS, description: WHAT_ACTIONS_MEAN, example: 'link' })
  action: Action;

  /**
   * Terra's id of the account.
   * @example '8f1f9bb2-3c5e-4a6b-9a53-6c4e5f1d2b3a'
   */
  terraUserId: string;

  @ApiProperty({
    type: String,
    format: 'uuid',
    nullable: true,
    description: 'The connection that it belonged to before; null for one that we did not know.',
    example: '01980c0e-7b1a-7c3e-9d55-0f2b6f1c9a10',
  })
  connectionId: string | null;
}

@ApiSchema({ description: 'What came of comparing an end user with what Terra says.' })
export class ReconcileReportDto {
  /**
   * Your id of the end user.
   * @example 'user-4711'
   */
  referenceId: string;

  /**
   * When Terra was asked.
   * @example '2026-11-23T09:30:00.000Z'
   */
  askedAt: Date;

  @ApiProperty({
    type: 'integer',
    description: 'How many accounts Terra holds under the reference.',
    example: 1,
  })
  terraUsers: number;

  /** What differed; empty when nothing did. */
  changes: DifferenceDto[];

  @ApiProperty({
    enum: CONCLUSIONS,
    description:
      '`in_step` nothing differed; `healed` it was set right; `waiting` somebody is missing at Terra, which is believed when it is still so later on; `needs_operator` Terra and we contradict each other.',
    example: 'healed',
  })
  conclusion: Conclusion;

  static from({
    referenceId,
    askedAt,
    terraUsers,
    changes,
    conclusion,
  }: ReconcileReport): ReconcileReportDto {
    return { referenceId, askedAt, terraUsers, changes, conclusion };
  }
}
