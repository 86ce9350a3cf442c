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
import type { TerraUser } from '../../terra';
import type { TerraView } from '../diagnosis-input';

const ApiTime = (description: string): PropertyDecorator =>
  ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description,
    example: '2026-11-23T09:30:00.000Z',
  });
const ApiTerraUserId = (description: string, nullable = false): PropertyDecorator =>
  ApiProperty({ type: String, nullable, description, example: '8f1f9bb2-3c5e-4a6b-9a53-6c4e5f1d2b3a' });

@ApiSchema({ description: 'An attempt to connect, without its links.' })
export class DiagnosedSessionDto {
  @ApiProperty({ format: 'uuid', description: 'Ours.', example: '01980c0e-7b1a-7c3e-9d55-0f2b6f1c9a10' })
  id: string;

  @ApiProperty({ enum: CONNECT_SESSION_STATUSES, description: 'What became of it.', example: 'opened' })
  status: ConnectSessionStatus;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Why it failed or was cancelled.',
    example: null,
  })
  failureReason: string | null;

  /**
   * Codes of the providers that are offered; empty: all.
   * @example ['GARMIN']
   */
  providers: string[];

  /**
   * When it was made.
   * @example '2026-11-23T09:30:00.000Z'
   */
  createdAt: Date;

  @ApiTime('When the person went to the widget; null: not yet.')
  openedAt: Date | null;

  @ApiTime('When the browser came back; null: not yet.')
  returnedAt: Date | null;

  @ApiTime('When it ended; null while it is open.')
  endedAt: Date | null;

  /**
   * Until when its link works.
   * @example '2026-11-23T09:45:00.000Z'
   */
  expiresAt: Date;

  static from(session: ConnectSession): DiagnosedSessionDto {
    const { id, status, failureReason, providers, createdAt, openedAt, endedAt, expiresAt } = session;
    const returnedAt = session.returnSpentAt;
    return { id, status, failureReason, providers, createdAt, openedAt, returnedAt, endedAt, expiresAt };
  }
}

@ApiSchema({ description: 'A Terra user that a connection has had.' })
export class DiagnosedIdentityDto {
  @ApiTerraUserId("Terra's id of the account then.")
  terraUserId: string;

  @ApiProperty({ enum: FACT_CAUSES, description: 'By what we first heard of it.', example: 'auth' })
  cause: FactCause;

  /**
   * When the first that we know of it happened.
   * @example '2026-11-23T09:30:00.000Z'
   */
  firstSeenAt: Date;

  @ApiTerraUserId('Which Terra user took its place; null: none.', true)
  supersededBy: string | null;

  @ApiTime('When that happened.')
  supersededAt: Date | null;

  @ApiTime('When it ended; null while it lives.')
  endedAt: Date | null;

  @ApiProperty({ enum: FACT_CAUSES, nullable: true, description: 'By what it ended.', example: null })
  endedCause: FactCause | null;

  @ApiTime("Since when Terra's lists lack it; null: they do not.")
  missingSince: Date | null;

  static from(identity: ConnectionIdentity): DiagnosedIdentityDto {
    const { terraUserId, cause, firstSeenAt, supersededBy, supersededAt } = identity;
    const { endedAt, endedCause, missingSince } = identity;
    return { terraUserId, cause, firstSeenAt, supersededBy, supersededAt, endedAt, endedCause, missingSince };
  }
}

@ApiSchema({ description: 'An end that somebody asked for, and that Terra has not confirmed yet.' })
export class PendingDeauthenticationDto {
  @ApiTerraUserId('Whom to end.')
  terraUserId: string;

  /**
   * Who asked: an API key by its id, or a part of the service.
   * @example 'cli'
   */
  actor: string;

  /**
   * Why, in the words of who asked.
   * @example 'DELETE of the connection'
   */
  reason: string;

  /**
   * When it was asked for.
   * @example '2026-11-23T09:30:00.000Z'
   */
  requestedAt: Date;

  @ApiProperty({ type: 'integer', description: 'How many calls were made to Terra.', example: 3 })
  attempts: number;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Of the last call.',
    example: 'terra.unavailable',
  })
  lastOutcome: string | null;

  /**
   * When the next call is due.
   * @example '2026-11-23T09:31:00.000Z'
   */
  nextAttemptAt: Date;

  static from(end: Deauthentication): PendingDeauthenticationDto {
    const { terraUserId, actor, reason, requestedAt, attempts, lastOutcome, nextAttemptAt } = end;
    return { terraUserId, actor, reason, requestedAt, attempts, lastOutcome, nextAttemptAt };
  }
}

@ApiSchema({ description: 'An account that Terra holds under the reference.' })
export class TerraUserDto {
  @ApiTerraUserId("Terra's id of it.")
  terraUserId: string;

  /**
   * Code of the provider.
   * @example 'GARMIN'
   */
  provider: string;

  @ApiProperty({ type: Boolean, nullable: true, description: 'null: Terra does not say.', example: true })
  active: boolean | null;

  @ApiTime('When Terra last sent data of it, where Terra says so.')
  lastWebhookUpdate: Date | null;

  static from({ terraUserId, provider, active, lastWebhookUpdate }: TerraUser): TerraUserDto {
    return { terraUserId, provider, active, lastWebhookUpdate };
  }
}

@ApiSchema({ description: 'What Terra says of the end user.' })
export class TerraViewDto {
  @ApiProperty({ description: 'Whether Terra said anything.', example: true })
  answered: boolean;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Why not: the code of the problem, or `not_asked`. null if it answered.',
    example: null,
  })
  cause: string | null;

  /** What Terra holds; empty also when it did not answer. */
  users: TerraUserDto[];

  static from(view: TerraView): TerraViewDto {
    if (!view.answered) return { answered: false, cause: view.cause, users: [] };
    return { answered: true, cause: null, users: view.users.map((user) => TerraUserDto.from(user)) };
  }
}
