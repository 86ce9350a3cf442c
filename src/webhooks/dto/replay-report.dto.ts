import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { ApiCount, ApiId, ApiNullableText, ApiTerraUserId } from '../../http';
import { WEBHOOK_EVENT_STATUSES, type WebhookEventStatus } from '../webhook-event.entity';
import type { ReplayReport } from '../webhook-events.service';

const MAX_EVENTS_SHOWN = 100;

@ApiSchema({ description: 'A replayed event, as it was before the replay.' })
export class ReplayedEventDto {
  @ApiId('Id of the event.')
  id: string;

  @ApiNullableText("Terra's type of the event; null if the service has not read the body.", 'auth')
  type: string | null;

  @ApiProperty({
    enum: WEBHOOK_EVENT_STATUSES,
    description: 'Status of the event before the replay.',
    example: 'dead_lettered',
  })
  status: WebhookEventStatus;

  @ApiTerraUserId("Terra's `user_id` in the event.", { nullable: true })
  terraUserId: string | null;
}

@ApiSchema({ description: 'The result of a replay; for a dry run, the result that a replay would have.' })
export class ReplayReportDto {
  @ApiProperty({ description: 'true: nothing was replayed.', example: false })
  dryRun: boolean;

  @ApiCount('Number of events that match the request.', 12)
  matched: number;

  @ApiCount('Number of replayed events.', 10)
  replayed: number;

  @ApiCount('Number of events that were `pending`. The service processes them without a replay.', 2)
  skipped: number;

  @ApiCount('Number of events beyond `limit`. Repeat the request to replay them.', 0)
  remaining: number;

  @ApiProperty({
    type: [ReplayedEventDto],
    description: `The first ${MAX_EVENTS_SHOWN} replayed events, oldest first.`,
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
