import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { ApiId, ApiNullableEnum, ApiNullableText, ApiTerraUserId, ApiTime, PageOf } from '../../http';
import {
  FACT_CAUSES,
  FACT_KINDS,
  FACT_ORIGINS,
  FACT_SOURCES,
  type FactCause,
  type FactKind,
  type FactOrigin,
  type FactSource,
} from '../projection/connection-fact';
import type { HistoryLine } from '../connection-history.service';
import { CONNECTION_STATUSES, type ConnectionStatus } from '../connection-status';

@ApiSchema({ description: 'A fact about a connection.' })
export class HistoryLineDto {
  @ApiId('Id of the fact.')
  id: string;

  @ApiTime('When the fact occurred, according to Terra. Facts are ordered by this time.')
  occurredAt: Date;

  @ApiTime('When the service recorded the fact. Facts may arrive late.', {
    example: '2026-11-23T09:30:01.000Z',
  })
  recordedAt: Date;

  @ApiProperty({ enum: FACT_KINDS, description: 'How the fact changes the connection.', example: 'linked' })
  kind: FactKind;

  @ApiProperty({
    enum: FACT_CAUSES,
    description: 'What happened, such as `auth` or `deauth`.',
    example: 'auth',
  })
  cause: FactCause;

  @ApiProperty({
    enum: FACT_ORIGINS,
    description:
      'Who caused the fact: the end user, the provider, Terra, or `us`: the service and its callers.',
    example: 'end_user',
  })
  origin: FactOrigin;

  @ApiProperty({
    enum: FACT_SOURCES,
    description: 'Channel that reported the fact to the service.',
    example: 'webhook',
  })
  source: FactSource;

  @ApiNullableEnum(
    CONNECTION_STATUSES,
    'Status of the connection after this fact, computed from all facts that the service has now; null before the end user connected the account.',
    'active',
  )
  status: ConnectionStatus | null;

  @ApiTerraUserId("Terra's `user_id` at that time; null if it belongs to another end user.", {
    nullable: true,
  })
  terraUserId: string | null;

  @ApiNullableText(
    'For `swapped`: the `user_id` that this one superseded; null if Terra did not name it, or if it belongs to another end user.',
  )
  oldTerraUserId: string | null;

  @ApiProperty({
    type: [String],
    nullable: true,
    description:
      'All scopes that the end user has granted; null if the fact does not name them, or if another end user granted them.',
    example: ['ACTIVITY_EXPORT'],
  })
  scopes: string[] | null;

  @ApiNullableText('Who requested the action: the id of an API key, or the name of a service part.')
  actor: string | null;

  @ApiNullableText('The reason that the requester gave.')
  reason: string | null;

  static from(line: HistoryLine): HistoryLineDto {
    return {
      id: line.id,
      occurredAt: line.occurredAt,
      recordedAt: line.recordedAt,
      kind: line.kind,
      cause: line.cause,
      origin: line.origin,
      source: line.source,
      status: line.status,
      terraUserId: line.terraUserId,
      oldTerraUserId: line.oldTerraUserId,
      scopes: line.scopes,
      actor: line.actor,
      reason: line.reason,
    };
  }
}

@ApiSchema({ description: "A page of a connection's history." })
export class HistoryPageDto extends PageOf(HistoryLineDto, 'Newest first, by `occurredAt`.') {}
