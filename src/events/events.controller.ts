import { Get, Query } from '@nestjs/common';
import { RequireScope, RestController } from '../api-keys';
import { EventPageDto } from './dto/event-page.dto';
import { ListEventsDto } from './dto/list-events.dto';
import { typesOf } from './event-type-patterns';
import { ApiListEvents } from './events.openapi';
import { EventFeed } from './feed/event-feed.service';

@RestController('v1/events', 'Events')
export class EventsController {
  constructor(private readonly feed: EventFeed) {}

  @Get()
  @RequireScope('events:read')
  @ApiListEvents()
  async list(@Query() { after, types, referenceId, ...page }: ListEventsDto): Promise<EventPageDto> {
    const named = types === undefined ? null : typesOf(types.split(','));
    return EventPageDto.from(
      await this.feed.read({ after, types: named, referenceId: referenceId ?? null, ...page }),
    );
  }
}
