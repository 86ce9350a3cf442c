import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { WEBHOOK_EVENT_STATUSES, type WebhookEventStatus } from '../webhook-event.entity';
import type { ReplayReport } from '../webhook-events.service';

const MAX_EVENTS_SHOWN = 100;

@ApiSchema({ description: 'An event that is worked off again, as it was before.' })
export class ReplayedEventDto {
  @ApiProperty({ format: 'uuid', description: 'Its id.', example: '01980c0e-7b1a-7c3e-9d55-0f2b6f1c9a10' })
  id: string;

  @ApiProperty({
    type: String,
    nullable: true,
    description: "Terra's type; null while nobody could read it.",
    example: 'auth',
  })
  type: string | null;

  @ApiProperty({
    enum: WEBHOOK_EVENT_STATUSES,
    description: 'What had become of it.',
    example: 'dead_lettered',
  })
  status: WebhookEventStatus;

  @ApiProperty({
    type: String,
    nullable: true,
    description: "Terra's id of the user whom it is about.",
    example: '8f1f9bb2-3c5e-4a6b-9a53-6c4e5f1d2b3a',
  })
  terraUserId: string | null;
}

@ApiSchema({ description: 'What a replay does, or in a dry run would do.' })
export class ReplayReportDto {
  @ApiProperty({ description: 'True when nothing was done.', example: false })
  dryRun: boolean;

  @ApiProperty({ type: 'integer', description: 'How many events were meant.', example: 12 })
  matched: number;

  @ApiProperty({
    type: 'integer',
    description: 'How many of them are worked off again; in a dry run: would be.',
    example: 10,
  })
  replayed: number;

  @ApiProperty({
    type: 'integer',
    description: 'How many were `pending`, and are worked off in any case.',
    example: 2,
  })
  skipped: number;

  @ApiProperty({
    type: 'integer',
    description: 'How many were left alone because of `limit`.',
    example: 0,
  })
  remaining: number;

  @ApiProperty({
    type: [ReplayedEventDto],
    description: `The first ${MAX_EVENTS_SHOWN} of those that are replayed, oldest first.`,
  })
  events: ReplayedEventDto[];

  static from(report: ReplayReport): ReplayReportDto {
    const { dryRun, matched, replayed, skipped, remaining } = report;
    const events = report.events
      .slice(0, MAX_EVENTS_SHOWN)
      .map(({ id, type, status, terraUserId }) => ({ id, type, status, terraUserId }));
    return { dryRun, matched, replayed, skipped, remaining, events };
  }
}
