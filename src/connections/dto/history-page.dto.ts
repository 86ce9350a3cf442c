import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import type { Page } from '../../http';
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

@ApiSchema({ description: 'Something that happened to a connection.' })
export class HistoryLineDto {
  @ApiProperty({
    format: 'uuid',
    description: 'Of this line.',
    example: '01980c0e-7b1a-7c3e-9d55-0f2b6f1c9a10',
  })
  id: string;

  /**
   * When it happened, by Terra's word.
   * @example '2026-11-23T09:30:00.000Z'
   */
  occurredAt: Date;

  /**
   * When we learned of it; news may come late.
   * @example '2026-11-23T09:30:01.000Z'
   */
  recordedAt: Date;

  @ApiProperty({ enum: FACT_KINDS, description: 'What it was.', example: 'linked' })
  kind: FactKind;

  @ApiProperty({ enum: FACT_CAUSES, description: 'By what it came about.', example: 'auth' })
  cause: FactCause;

  @ApiProperty({
    enum: FACT_ORIGINS,
    description: "Whose doing it was: the person's, the provider's, Terra's, or ours.",
    example: 'person',
  })
  origin: FactOrigin;

  @ApiProperty({ enum: FACT_SOURCES, description: 'Who brought the news.', example: 'webhook' })
  source: FactSource;

  @ApiProperty({
    enum: CONNECTION_STATUSES,
    nullable: true,
    description:
      'What the connection was from then on, as we know it today. null while nobody had connected it yet.',
    example: 'active',
  })
  status: ConnectionStatus | null;

  /**
   * Terra's id of the account then.
   * @example '8f1f9bb2-3c5e-4a6b-9a53-6c4e5f1d2b3a'
   */
  terraUserId: string;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Of `swapped`: whose place it took; null when Terra did not say.',
    example: null,
  })
  oldTerraUserId: string | null;

  @ApiProperty({
    type: [String],
    nullable: true,
    description: 'All that the person agreed to, where the news names it.',
    example: ['ACTIVITY_EXPORT'],
  })
  scopes: string[] | null;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Who asked, for what we did: an API key by its id, or a part of the service.',
    example: null,
  })
  actor: string | null;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Why, in the words of who asked.',
    example: null,
  })
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
export class HistoryPageDto {
  /** Newest first, by when it happened. */
  items: HistoryLineDto[];

  @ApiProperty({ description: 'Give it back as `cursor` to read on; null on the last page.', example: null })
  nextCursor: string | null;

  static from(page: Page<HistoryLine>): HistoryPageDto {
    return { items: page.items.map((line) => HistoryLineDto.from(line)), nextCursor: page.nextCursor };
  }
}
