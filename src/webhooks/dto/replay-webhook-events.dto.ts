import { ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsObject,
  IsOptional,
  IsUUID,
  ValidateNested,
} from 'class-validator';
import { WholeNumberField } from '../../http';
import { WebhookEventFilterDto } from './webhook-event-filter.dto';

const MAX_IDS = 500;
const DEFAULT_LIMIT = 1_000;
const MAX_LIMIT = 10_000;

@ApiSchema({ description: 'Which webhook events to replay: either `ids` or `filter`.' })
export class ReplayWebhookEventsDto {
  @ApiPropertyOptional({
    type: [String],
    format: 'uuid',
    description: 'Ids of the events. If one of them is unknown, the service replays none.',
    example: ['01980c0e-7b1a-7c3e-9d55-0f2b6f1c9a10'],
    minItems: 1,
    maxItems: MAX_IDS,
  })
  @IsOptional()
  @IsArray({ message: 'must be a list of ids' })
  @ArrayMinSize(1, { message: `must have 1 to ${MAX_IDS} entries` })
  @ArrayMaxSize(MAX_IDS, { message: `must have 1 to ${MAX_IDS} entries` })
  @IsUUID('all', { each: true, message: 'must hold ids of webhook events' })
  ids?: string[];

  @ApiPropertyOptional({
    type: WebhookEventFilterDto,
    description: 'All events that match the filter. It must have at least one field.',
  })
  @IsOptional()
  @IsObject({ message: 'must be an object' })
  @ValidateNested()
  @Type(() => WebhookEventFilterDto)
  filter?: WebhookEventFilterDto;

  @WholeNumberField(
    'Maximum number of events to replay, oldest first. The response has the number of remaining events.',
    { min: 1, max: MAX_LIMIT, fallback: DEFAULT_LIMIT },
  )
  limit: number = DEFAULT_LIMIT;

  @ApiPropertyOptional({
    description: 'true: report the events and replay none.',
    default: false,
    example: true,
  })
  @IsBoolean({ message: 'must be true or false' })
  dryRun: boolean = false;
}
