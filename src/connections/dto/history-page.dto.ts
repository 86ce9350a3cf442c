import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { ApiId, ApiNullableText, ApiTerraUserId, ApiTime, PageOf } from '../../http';
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

  @ApiTime('When Terra says it happened. Facts are ordered by this time.')
  occurredAt: Date;

  @ApiTime('When the service recorded the fact. Facts may arrive late.', {
    example: '2026-11-23T09:30:01.000Z',
  })
  recordedAt: Date;

  @ApiProperty({ enum: FACT_KINDS, description: 'What happened.', example: 'linked' })
  kind: FactKind;

  @ApiProperty({ enum: FACT_CAUSES, description: 'What caused the fact.', example: 'auth' })
  cause: FactCause;

  @ApiProperty({
    enum: FACT_ORIGINS,
    description: 'Who acted: the end user, the provider, Terra or, as `us`, the service and its callers.',
    example: 'end_user',
  })
  origin: FactOrigin;

  @ApiProperty({
    enum: FACT_SOURCES,
    description: 'How the service learned of the fact.',
    example: 'webhook',
  })
  source: FactSource;

  @ApiProperty({
    enum: CONNECTION_STATUSES,
    nullable: true,
    description:
      'Status of the connection after this fact, by all facts known today; null before the account was connected.',
    example: 'active',
  })
  status: ConnectionStatus | null;

  @ApiTerraUserId("Terra's id of the account at that time.")
  terraUserId: string;

  @ApiNullableText('For `swapped`: the Terra user that this one superseded; null if Terra did not say.')
  oldTerraUserId: string | null;

  @ApiProperty({
    type: [String],
    nullable: true,
    description: 'All scopes that the end user has granted; null if the fact does not name them.',
    example: ['ACTIVITY_EXPORT'],
  })
  scopes: string[] | null;

  @ApiNullableText(
    'For actions of the service: who asked for it, an API key by its id or a part of the service.',
  )
  actor: string | null;

  @ApiNullableText('Why, in the words of the actor.')
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
