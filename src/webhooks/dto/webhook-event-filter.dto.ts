import { ApiPropertyOptional, ApiSchema, IntersectionType } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import { IsInstant, PageQueryDto, ReferenceIdFilter, TextFilter } from '../../http';
import { WEBHOOK_EVENT_STATUSES, type WebhookEventStatus } from '../webhook-event.entity';

@ApiSchema({ description: 'Filters for webhook events. An event must match all given filters.' })
export class WebhookEventFilterDto {
  @ApiPropertyOptional({
    enum: WEBHOOK_EVENT_STATUSES,
    description: 'Current status of the event.',
  })
  @IsOptional()
  @IsIn(WEBHOOK_EVENT_STATUSES, { message: `must be one of ${WEBHOOK_EVENT_STATUSES.join(', ')}` })
  status?: WebhookEventStatus;

  @TextFilter(
    "Terra's type of the event, such as `auth`. An event has no type before the first attempt to process it.",
    100,
  )
  type?: string;

  @TextFilter("Terra's `user_id` in the event; for `user_reauth`, the `user_id` of the new user.", 200)
  terraUserId?: string;

  @ReferenceIdFilter('Your id of the end user in the event; case-sensitive.')
  referenceId?: string;

  @ApiPropertyOptional({
    type: String,
    format: 'date-time',
    description:
      'Received at this time or later. Send a time with its zone, such as `2026-11-23T09:30:00Z`, or a date, which means 00:00 UTC.',
  })
  @IsOptional()
  @IsInstant()
  receivedFrom?: Date;

  @ApiPropertyOptional({
    type: String,
    format: 'date-time',
    description: 'Received before this time.',
  })
  @IsOptional()
  @IsInstant()
  receivedTo?: Date;
}

/** The filters and the page of a list. An event must match all given filters. */
export class ListWebhookEventsDto extends IntersectionType(WebhookEventFilterDto, PageQueryDto) {}
