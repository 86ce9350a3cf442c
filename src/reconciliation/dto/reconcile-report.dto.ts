import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { ApiCount, ApiId, ApiReferenceId, ApiTerraUserId, ApiTime } from '../../http';
import { ACTIONS, type Action } from '../terra-diff';
import { CONCLUSIONS, type Conclusion, type ReconcileReport } from '../connection-reconciler.service';

const ACTION_MEANINGS = [
  'What the service found about one Terra user, and what it does:\n',
  '- `link`: Terra lists a Terra user that the service did not know.',
  '- `link_again`: Terra lists a Terra user again that the service had ended as absent.',
  '- `update_scopes`: the end user has granted other scopes.',
  '- `mark_inactive`: Terra no longer collects data, by two signs.',
  '- `mark_paused`: Terra calls the Terra user inactive; it may only be paused, so a later check must show a second sign.',
  '- `still_paused`: Terra still calls it inactive, and no second sign is there yet.',
  '- `mark_resumed`: Terra calls the Terra user active again.',
  '- `recover`: Terra collects data again.',
  '- `disconnect_again`: the service has disconnected the Terra user, but Terra still lists it.',
  '- `mark_missing`: Terra does not list the Terra user; a later check must confirm this.',
  '- `still_missing`: Terra still does not list the Terra user; the service does not end it yet.',
  '- `end_absent`: two checks missed the Terra user, so the service ends it.',
  '- `mark_seen`: the Terra user was missing, and Terra lists it again.',
  '- `owner_conflict`: Terra lists the Terra user under another reference id; an operator must decide.',
  '- `contradiction`: the Terra user has ended or was superseded, but Terra lists it; an operator must decide.',
  '- `no_owner`: Terra lists the Terra user without a reference id.',
  '- `not_authenticated`: the end user has not finished connecting the account.',
].join('\n');

@ApiSchema({ description: 'A difference between Terra and the service.' })
export class DifferenceDto {
  @ApiProperty({ enum: ACTIONS, description: ACTION_MEANINGS, example: 'link' })
  action: Action;

  @ApiTerraUserId()
  terraUserId: string;

  @ApiId('Connection of the Terra user before the correction; null if it had none.', { nullable: true })
  connectionId: string | null;
}

@ApiSchema({ description: "The result of comparing an end user's connections with Terra." })
export class ReconcileReportDto {
  @ApiReferenceId()
  referenceId: string;

  @ApiTime('When the service asked Terra.')
  askedAt: Date;

  @ApiCount('Number of Terra users under the reference id.', 1)
  terraUsers: number;

  /** The differences; empty if there were none. */
  changes: DifferenceDto[];

  @ApiProperty({
    enum: CONCLUSIONS,
    description:
      '`no_difference`: there was nothing to correct. `corrected`: the service corrected the differences. `waiting`: Terra does not list a connected Terra user, and a later check must confirm this. `needs_operator`: Terra and the service contradict each other, and an operator must decide.',
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
