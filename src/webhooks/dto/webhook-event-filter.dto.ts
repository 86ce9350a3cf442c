import { ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { IsIn, IsOptional, Matches } from 'class-validator';
import { IsReferenceId, REFERENCE_ID_MAX_LENGTH } from '../../common';
import { WEBHOOK_EVENT_STATUSES, type WebhookEventStatus } from '../webhook-event.entity';
import { IsInstant } from './instant.validator';

@ApiSchema({ description: 'Which events are meant: all that is given must hold.' })
export class WebhookEventFilterDto {
  @ApiPropertyOptional({
    enum: WEBHOOK_EVENT_STATUSES,
    description: 'What has become of them so far.',
    example: 'dead_lettered',
  })
  @IsOptional()
  @IsIn(WEBHOOK_EVENT_STATUSES, { message: `must be one of ${WEBHOOK_EVENT_STATUSES.join(', ')}` })
  status?: WebhookEventStatus;

  @ApiPropertyOptional({
    description: "Terra's type, as it was sent. Known from the first attempt to work an event off.",
    example: 'auth',
  })
  @IsOptional()
  @Matches(/^\P{Cc}{1,100}$/u, { message: 'must have 1 to 100 characters' })
  type?: string;

  @ApiPropertyOptional({
    description: "Terra's id of the user whom they are about; of a `user_reauth`: the new one.",
    example: '8f1f9bb2-3c5e-4a6b-9a53-6c4e5f1d2b3a',
  })
  @IsOptional()
  @Matches(/^\P{Cc}{1,200}$/u, { message: 'must have 1 to 200 characters' })
  terraUserId?: string;

  @ApiPropertyOptional({
    description: 'Your id of the end user whom they name, compared exactly.',
    example: 'user-4711',
    minLength: 1,
    maxLength: REFERENCE_ID_MAX_LENGTH,
  })
  @IsOptional()
  @IsReferenceId()
  referenceId?: string;

  @ApiPropertyOptional({
    type: String,
    format: 'date-time',
    description: 'Received then or later: a time with its zone, or a day, which begins in UTC.',
    example: '2026-11-23T09:30:00Z',
  })
  @IsOptional()
  @IsInstant()
  receivedFrom?: Date;

  @ApiPropertyOptional({
    type: String,
    format: 'date-time',
    description: 'Received earlier than this.',
    example: '2026-11-24T00:00:00Z',
  })
  @IsOptional()
  @IsInstant()
  receivedTo?: Date;
}
