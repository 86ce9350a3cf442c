import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { ApiId, ApiTime } from '../../http';
import type { CloudEvent } from '../cloud-event';
import { EVENT_TYPES, type EventType } from '../event-types';
import type { EventPage } from '../feed/event-feed.service';

@ApiSchema({ description: 'An event in the JSON format of CloudEvents 1.0.' })
class CloudEventDto implements Omit<CloudEvent, 'time'> {
  @ApiProperty({ type: String, enum: ['1.0'], description: 'The version of CloudEvents.', example: '1.0' })
  specversion: '1.0';

  @ApiId('Id of the event. It is the same on every way out of the service, so recognise a repetition by it.')
  id: string;

  @ApiProperty({ enum: EVENT_TYPES, description: 'What happened.', example: 'connection.connected' })
  type: EventType;

  @ApiProperty({
    type: String,
    description: 'The public URL of the service.',
    example: 'https://connect.example.com',
  })
  source: string;

  @ApiPropertyOptional({ type: String, description: 'Your id of the end user.', example: 'user-4711' })
  subject?: string;

  @ApiTime('When it happened. A late report has an earlier time than the event before it.')
  time: Date;

  @ApiProperty({
    type: String,
    enum: ['application/json'],
    description: 'The format of `data`.',
    example: 'application/json',
  })
  datacontenttype: 'application/json';

  @ApiProperty({
    type: String,
    pattern: '^[0-9]{19}$',
    description: 'The place of the event in the order of all events. Compare it as text.',
    example: '0000000000000000042',
  })
  sequence: string;

  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    description: 'What the event says. `asyncapi.json` has the schema of each type.',
    example: { connection: { id: '01980c0e-7b1a-7c3e-9d55-0f2b6f1c9a10', status: 'active' }, cause: 'auth' },
  })
  data: Record<string, unknown>;
}

@ApiSchema({ description: 'A part of the log of events.' })
export class EventPageDto {
  @ApiProperty({ type: [CloudEventDto], description: 'In the order in which the changes were committed.' })
  items: CloudEventDto[];

  @ApiProperty({
    type: String,
    description: 'Send this value as `after` to read on. Store it with the effects of the events.',
    example: 'e1-16',
  })
  nextCursor: string;

  @ApiProperty({ type: Boolean, description: 'Whether more events are there already.', example: false })
  hasMore: boolean;

  static from({ items, ...page }: EventPage): EventPageDto {
    return { ...page, items: items.map((event) => ({ ...event, time: new Date(event.time) })) };
  }
}
