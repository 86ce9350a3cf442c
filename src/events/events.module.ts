import { Module } from '@nestjs/common';
import { ApiKeysModule } from '../api-keys';
import { ObservabilityModule } from '../observability';
import { QueueModule } from '../queue';
import { EventLogRepository } from './event-log.repository';
import { EventLog } from './event-log.service';
import { EventPartitionsWorker } from './event-partitions.worker';
import { EventsController } from './events.controller';
import { EventFeed } from './feed/event-feed.service';
import { EventLogWatch } from './feed/event-log-watch';
import { EventSequencer } from './event-sequencer.worker';
import { EventsPersonalData } from './events-personal-data.service';

@Module({
  imports: [ApiKeysModule, ObservabilityModule, QueueModule],
  controllers: [EventsController],
  providers: [
    EventLog,
    EventLogRepository,
    EventSequencer,
    EventFeed,
    EventLogWatch,
    EventPartitionsWorker,
    EventsPersonalData,
  ],
  exports: [EventLog, EventsPersonalData],
})
export class EventsModule {}
