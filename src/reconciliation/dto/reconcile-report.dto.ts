import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { ApiCount, ApiId, ApiReferenceId, ApiTerraUserId, ApiTime } from '../../http';
import { ACTIONS, type Action } from '../terra-diff';
import { CONCLUSIONS, type Conclusion, type ReconcileReport } from '../connection-reconciler.service';

const ACTION_MEANINGS = [
  '`link`: Terra lists an account that the service did not know.',
  '`link_again`: Terra lists an account again that the service had ended as absent.',
  '`update_scopes`: the end user has granted other scopes.',
  '`mark_inactive`: Terra can no longer get data.',
  '`recover`: Terra gets data again.',
  '`disconnect_again`: the account was disconnected here, and Terra still lists it.',
  '`mark_missing`: Terra does not list the account; a later check must confirm it.',
  '`still_missing`: the account is still missing, but not long enough yet.',
  '`end_absent`: the account was missing twice and counts as disconnected.',
  '`mark_seen`: the account was missing, and Terra lists it again.',
  '`owner_conflict`: Terra lists the account under another reference id; an operator must look at it.',
  '`contradiction`: the account ended or was superseded, and Terra still lists it; an operator must look at it.',
  '`no_owner`: Terra lists the account without a reference id.',
  '`not_authenticated`: the end user has not finished connecting the account.',
].join(' ');

@ApiSchema({ description: 'A difference between Terra and the service.' })
export class DifferenceDto {
  @ApiProperty({ enum: ACTIONS, description: ACTION_MEANINGS, example: 'link' })
  action: Action;

  @ApiTerraUserId()
  terraUserId: string;

  @ApiId('Connection of the account before the correction; null if the service did not know the account.', {
    nullable: true,
  })
  connectionId: string | null;
}

@ApiSchema({ description: 'The result of comparing an end user with Terra.' })
export class ReconcileReportDto {
  @ApiReferenceId()
  referenceId: string;

  @ApiTime('When the service asked Terra.')
  askedAt: Date;

  @ApiCount('Number of accounts that Terra has under the reference id.', 1)
  terraUsers: number;

  /** The differences; empty if there were none. */
  changes: DifferenceDto[];

  @ApiProperty({
    enum: CONCLUSIONS,
    description:
      '`no_difference`: nothing differed. `corrected`: the service corrected the differences. `waiting`: an account is missing at Terra, and a later check must confirm it. `needs_operator`: Terra and the service contradict each other, and an operator must decide.',
    example: 'corrected',
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
