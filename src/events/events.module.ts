import { Module } from '@nestjs/common';
import { ApiKeysModule } from '../api-keys';
import { ObservabilityModule } from '../observability';
import { OutboundModule } from '../outbound';
import { QueueModule } from '../queue';
import { DeletedEndpointsWorker } from './deliveries/deleted-endpoints.worker';
import { EventDeliveriesController } from './deliveries/deliveries.controller';
import { DeliveriesRepository } from './deliveries/deliveries.repository';
import { DeliveriesService } from './deliveries/deliveries.service';
import { DeliveryQueueRepository } from './deliveries/delivery-queue.repository';
import { DeliverySettler } from './deliveries/delivery-settler';
import { EndpointCondition } from './deliveries/endpoint-condition.service';
import { EndpointTestService } from './deliveries/endpoint-test.service';
import { EventDeliveriesWorker } from './deliveries/event-deliveries.worker';
import { LaneRunner } from './deliveries/lane-runner.service';
import { WebhookPublishers } from './deliveries/webhook-publisher';
import { WebhookEndpointsController } from './endpoints/endpoints.controller';
import { EndpointsRepository } from './endpoints/endpoints.repository';
import { EndpointsService } from './endpoints/endpoints.service';
import { DataTakers } from './data/data-takers.service';
import { EventBodiesRepository } from './data/event-bodies.repository';
import { EventBodies } from './data/event-bodies.service';
import { EventBodiesWorker } from './data/event-bodies.worker';
import { EventMessages } from './data/event-messages.service';
import { EndUserEventsRepository } from './end-users/end-user-events.repository';
import { EndUserEvents } from './end-users/end-user-events.service';
import { EventLogRepository } from './event-log.repository';
import { EventLog } from './event-log.service';
import { EventPartitionsWorker } from './event-partitions.worker';
import { EventsController } from './events.controller';
import { EventFeed } from './feed/event-feed.service';
import { EventLogWatch } from './feed/event-log-watch';
import { EventSequencer } from './event-sequencer.worker';
import { EventsPersonalData } from './events-personal-data.service';
import { EventRelayRepository } from './nats/event-relay.repository';
import { NatsRelay } from './nats/nats-relay.service';
import { NatsRelayWorker } from './nats/nats-relay.worker';
import { NatsPublisher } from './nats/nats.publisher';

const NATS = [EventRelayRepository, NatsPublisher, NatsRelay, NatsRelayWorker];

@Module({
  imports: [ApiKeysModule, ObservabilityModule, OutboundModule, QueueModule],
  controllers: [EventsController, WebhookEndpointsController, EventDeliveriesController],
  providers: [
    EventLog,
    EventLogRepository,
    EventSequencer,
    EventFeed,
    EventLogWatch,
    EventPartitionsWorker,
    EventsPersonalData,
    EndUserEvents,
    EndUserEventsRepository,
    DataTakers,
    EventBodies,
    EventBodiesRepository,
    EventBodiesWorker,
    EventMessages,
    EndpointsRepository,
    EndpointsService,
    DeliveryQueueRepository,
    DeliverySettler,
    DeliveriesRepository,
    DeliveriesService,
    WebhookPublishers,
    EndpointCondition,
    EndpointTestService,
    LaneRunner,
    EventDeliveriesWorker,
    DeletedEndpointsWorker,
    ...NATS,
  ],
  exports: [DataTakers, EndUserEvents, EventBodies, EventLog, EventsPersonalData],
})
export class EventsModule {}
