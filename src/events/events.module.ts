import { Module } from '@nestjs/common';
import { ApiKeysModule } from '../api-keys';
import { ObservabilityModule } from '../observability';
import { QueueModule } from '../queue';
import { EventLogRepository } from './event-log.repository';
import { EventLog } from './event-log.service';
import { EventPartitionsWorker } from './event-partitions.worker';
import { EventSequencer } from './event-sequencer.worker';
import { EventsPersonalData } from './events-personal-data.service';

@Module({
  imports: [ApiKeysModule, ObservabilityModule, QueueModule],
  providers: [EventLog, EventLogRepository, EventSequencer, EventPartitionsWorker, EventsPersonalData],
  exports: [EventLog, EventsPersonalData],
})
export class EventsModule {}
