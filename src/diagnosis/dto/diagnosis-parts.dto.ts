import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import {
  CONNECT_SESSION_STATUSES,
  type ConnectSession,
  type ConnectSessionStatus,
} from '../../connect-sessions';
import {
  FACT_CAUSES,
  type ConnectionIdentity,
  type Deauthentication,
  type FactCause,
} from '../../connections';
import {
  ApiCount,
  ApiId,
  ApiNullableEnum,
  ApiNullableText,
  ApiProvider,
  ApiTerraUserId,
  ApiTime,
} from '../../http';
import type { TerraUser } from '../../terra';
import type { TerraView } from '../diagnosis-input';

@ApiSchema({ description: 'A connect session without its links.' })
export class DiagnosedSessionDto {
  @ApiId('Id of the session.')
  id: string;

  @ApiProperty({ enum: CONNECT_SESSION_STATUSES, description: 'Status of the session.', example: 'opened' })
  status: ConnectSessionStatus;

  @ApiNullableText('Why the service ended the session, as one of its codes.')
  failureReason: string | null;

  @ApiNullableText('Why the attempt failed at the provider or at Terra, in their words.')
  providerReason: string | null;

  /**
   * Codes of the providers that the widget offers; empty: all.
   * @example ['GARMIN']
   */
  providers: string[];

  @ApiTime('When the session was created.')
  createdAt: Date;

  @ApiTime('When the end user opened the widget; null before that.', { nullable: true })
  openedAt: Date | null;

  @ApiTime('When the browser returned from the widget; null before that.', { nullable: true })
  returnedAt: Date | null;

  @ApiTime('When the session ended; null while it is open.', { nullable: true })
  endedAt: Date | null;

  @ApiTime('When the links of the session stop working.', { example: '2026-11-23T09:45:00.000Z' })
  expiresAt: Date;

  static from(session: ConnectSession): DiagnosedSessionDto {
    return {
      id: session.id,
      status: session.status,
      failureReason: session.failureReason,
      providerReason: session.providerReason,
      providers: session.providers,
      createdAt: session.createdAt,
      openedAt: session.openedAt,
      returnedAt: session.returnSpentAt,
      endedAt: session.endedAt,
      expiresAt: session.expiresAt,
    };
  }
}

@ApiSchema({ description: 'A current or former Terra user of a connection.' })
export class DiagnosedIdentityDto {
  @ApiTerraUserId()
  terraUserId: string;

  @ApiProperty({
    enum: FACT_CAUSES,
    description: 'Cause of the first fact about this Terra user.',
    example: 'auth',
  })
  cause: FactCause;

  @ApiTime('When the first fact about this Terra user happened.')
  firstSeenAt: Date;

  @ApiTerraUserId('The Terra user that superseded this one; null if none did.', { nullable: true })
  supersededBy: string | null;

  @ApiTime('When this Terra user was superseded; null if it was not.', { nullable: true })
  supersededAt: Date | null;

  @ApiTime('When this Terra user ended; null until then.', { nullable: true })
  endedAt: Date | null;

  @ApiNullableEnum(FACT_CAUSES, 'Cause of the end of this Terra user; null until then.')
  endedCause: FactCause | null;

  @ApiTime('When a check first missed this Terra user at Terra; null if it is not missing.', {
    nullable: true,
  })
  missingSince: Date | null;

  static from(identity: ConnectionIdentity): DiagnosedIdentityDto {
    const { terraUserId, cause, firstSeenAt, supersededBy, supersededAt } = identity;
    const { endedAt, endedCause, missingSince } = identity;
    return { terraUserId, cause, firstSeenAt, supersededBy, supersededAt, endedAt, endedCause, missingSince };
  }
}

@ApiSchema({ description: 'A deauthentication request that Terra has not confirmed yet.' })
export class PendingDeauthenticationDto {
  @ApiTerraUserId("Terra's `user_id` of the Terra user to end.")
  terraUserId: string;

  /**
   * Who requested the action: the id of an API key, or the name of a service part.
   * @example 'cli'
   */
  actor: string;

  /**
   * The reason that the requester gave.
   * @example 'DELETE of the connection'
   */
  reason: string;

  @ApiTime('When the deauthentication was requested.')
  requestedAt: Date;

  @ApiCount('Number of calls to Terra so far.', 3)
  attempts: number;

  @ApiNullableText('Outcome of the last call; null before the first call.', 'terra.unavailable')
  lastOutcome: string | null;

  @ApiTime('When the next call is due.', { example: '2026-11-23T09:31:00.000Z' })
  nextAttemptAt: Date;

  static from(request: Deauthentication): PendingDeauthenticationDto {
    const { terraUserId, actor, reason, requestedAt, attempts, lastOutcome, nextAttemptAt } = request;
    return { terraUserId, actor, reason, requestedAt, attempts, lastOutcome, nextAttemptAt };
  }
}

@ApiSchema({ description: 'A Terra user that Terra lists under the reference id.' })
export class TerraUserDto {
  @ApiTerraUserId()
  terraUserId: string;

  @ApiProvider()
  provider: string;

  @ApiProperty({
    type: Boolean,
    nullable: true,
    description: 'Whether Terra calls this user active; null if Terra does not say.',
    example: true,
  })
  active: boolean | null;

  @ApiTime('When Terra last sent data of this user; null if Terra does not say.', { nullable: true })
  lastWebhookUpdate: Date | null;

  static from({ terraUserId, provider, active, lastWebhookUpdate }: TerraUser): TerraUserDto {
    return { terraUserId, provider, active, lastWebhookUpdate };
  }
}

@ApiSchema({ description: 'The Terra users that Terra lists for the end user.' })
export class TerraViewDto {
  @ApiProperty({ description: 'Whether Terra answered.', example: true })
  answered: boolean;

  @ApiNullableText(
    'Why Terra did not answer: the code of the problem, or `not_asked`. null if Terra answered.',
  )
  cause: string | null;

  /** The Terra users; also empty if Terra did not answer. */
  users: TerraUserDto[];

  /** Connected Terra users that this list lacks, although Terra knows them by their id: the list is wrong. */
  unlisted: TerraUserDto[];

  static from(view: TerraView): TerraViewDto {
    if (!view.answered) return { answered: false, cause: view.cause, users: [], unlisted: [] };
    return {
      answered: true,
      cause: null,
      users: view.users.map((user) => TerraUserDto.from(user)),
      unlisted: view.unlisted.map((user) => TerraUserDto.from(user)),
    };
  }
}
