import { ApiPropertyOptional, ApiSchema, IntersectionType } from '@nestjs/swagger';
import { IsIn, IsOptional, Matches } from 'class-validator';
import { EXAMPLE_TERRA_USER_ID, PageQueryDto, ReferenceIdFilter } from '../../http';
import { WEBHOOK_EVENT_STATUSES, type WebhookEventStatus } from '../webhook-event.entity';
import { IsInstant } from './instant.validator';

@ApiSchema({ description: 'Filters for webhook events. An event must match all given filters.' })
export class WebhookEventFilterDto {
  @ApiPropertyOptional({
    enum: WEBHOOK_EVENT_STATUSES,
    description: 'Current status of the event.',
    example: 'dead_lettered',
  })
  @IsOptional()
  @IsIn(WEBHOOK_EVENT_STATUSES, { message: `must be one of ${WEBHOOK_EVENT_STATUSES.join(', ')}` })
  status?: WebhookEventStatus;

  @ApiPropertyOptional({
    description: "Terra's type of the event. An event has no type before the first attempt to process it.",
    example: 'auth',
  })
  @IsOptional()
  @Matches(/^\P{Cc}{1,100}$/u, { message: 'must have 1 to 100 characters' })
  type?: string;

  @ApiPropertyOptional({
    description: "Terra's `user_id` in the event; for `user_reauth`, the `user_id` of the new user.",
    example: EXAMPLE_TERRA_USER_ID,
  })
  @IsOptional()
  @Matches(/^\P{Cc}{1,200}$/u, { message: 'must have 1 to 200 characters' })
  terraUserId?: string;

  @ReferenceIdFilter('Your id of the end user in the event; case-sensitive.')
  referenceId?: string;

  @ApiPropertyOptional({
    type: String,
    format: 'date-time',
    description:
      'Received at this time or later. Send a time with its zone, or a date, which means 00:00 UTC.',
    example: '2026-11-23T09:30:00Z',
  })
  @IsOptional()
  @IsInstant()
  receivedFrom?: Date;

  @ApiPropertyOptional({
    type: String,
    format: 'date-time',
    description: 'Received before this time.',
    example: '2026-11-24T00:00:00Z',
  })
  @IsOptional()
  @IsInstant()
  receivedTo?: Date;
}

/** The filters and the page of a list. An event must match all given filters. */
export class ListWebhookEventsDto extends IntersectionType(WebhookEventFilterDto, PageQueryDto) {}
