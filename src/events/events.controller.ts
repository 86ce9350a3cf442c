import { Get, Param, Query, StreamableFile } from '@nestjs/common';
import { RequireScope, RestController } from '../api-keys';
import { uuidParam } from '../http';
import { EventBodies } from './data/event-bodies.service';
import { EventPageDto } from './dto/event-page.dto';
import { ListEventsDto } from './dto/list-events.dto';
import { typesOf } from './event-type-patterns';
import { EventDataNotFoundError } from './events.errors';
import { ApiListEvents, ApiReadEventData } from './events.openapi';
import { EventFeed } from './feed/event-feed.service';

@RestController('v1/events', 'Events')
export class EventsController {
  constructor(
    private readonly feed: EventFeed,
    private readonly bodies: EventBodies,
  ) {}

  @Get()
  @RequireScope('events:read')
  @ApiListEvents()
  async list(@Query() { after, types, referenceId, ...page }: ListEventsDto): Promise<EventPageDto> {
    const named = types === undefined ? null : typesOf(types.split(','));
    return EventPageDto.from(
      await this.feed.read({ after, types: named, referenceId: referenceId ?? null, ...page }),
    );
  }

  @Get(':id/data')
  @RequireScope('events:read')
  @ApiReadEventData()
  async data(
    @Param('id', uuidParam(() => new EventDataNotFoundError())) id: string,
  ): Promise<StreamableFile> {
    const { bytes, stream } = await this.bodies.open(id);
    return new StreamableFile(stream, { type: 'application/json', length: bytes });
  }
}
