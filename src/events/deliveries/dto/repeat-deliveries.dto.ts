import { ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { IsOptional, IsUUID } from 'class-validator';
import { ApiCount, ApiId, IsInstant, WholeNumberField } from '../../../http';
import type { RepeatReport } from '../deliveries.service';

const DEFAULT_LIMIT = 1_000;
const MAX_LIMIT = 10_000;

@ApiSchema({ description: 'Which events to deliver again: either `from` or `after`.' })
export class RepeatDeliveriesDto {
  @ApiPropertyOptional({
    type: String,
    format: 'date-time',
    description:
      'Events that the service stored at this time or later. Send a time with its zone, such as `2026-11-23T09:30:00Z`, or a date, which means 00:00 UTC.',
    example: '2026-11-23T09:30:00Z',
  })
  @IsOptional()
  @IsInstant()
  from?: Date;

  @ApiPropertyOptional({
    type: String,
    format: 'uuid',
    description: 'To go on: `nextAfter` of the previous response.',
  })
  @IsOptional()
  @IsUUID('all', { message: 'must be the id of an event' })
  after?: string;

  @WholeNumberField('Maximum number of events, oldest first.', {
    min: 1,
    max: MAX_LIMIT,
    fallback: DEFAULT_LIMIT,
  })
  limit: number = DEFAULT_LIMIT;
}

@ApiSchema({ description: 'The result of a repetition.' })
export class RepeatReportDto {
  @ApiCount('Number of events that the endpoint gets again.', 12)
  repeated: number;

  @ApiId('Send this value as `after` to go on. null: there are no more events.', {
    nullable: true,
    example: null,
  })
  nextAfter: string | null;

  static from({ repeated, nextAfter }: RepeatReport): RepeatReportDto {
    return { repeated, nextAfter };
  }
}
