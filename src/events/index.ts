export { DataTakers } from './data/data-takers.service';
export { EventBodies } from './data/event-bodies.service';
export { EventBodiesWorker } from './data/event-bodies.worker';
export { EventBody } from './data/event-body.entity';
export { EndUserEvents, type ToldEvents } from './end-users/end-user-events.service';
export type { EndUserDelivery, EndUserEndpoint } from './end-users/end-user-events.repository';
export { EventLogState } from './event-log.entity';
export { EventLog, type NewEvent } from './event-log.service';
export { EventSequencer } from './event-sequencer.worker';
export {
  dataEventTypeOf,
  EVENT_TYPES,
  TEST_EVENT_TYPE,
  type ConnectionEventType,
  type DataEventType,
  type EventType,
  type SessionEventType,
} from './event-types';
export { EventRelay } from './nats/event-relay.entity';
export { NatsRelay } from './nats/nats-relay.service';
export { EventsModule } from './events.module';
export { EventsPersonalData } from './events-personal-data.service';
export { OutgoingEvent } from './outgoing-event.entity';
export { DeletedEndpointsWorker } from './deliveries/deleted-endpoints.worker';
export { EventDeliveriesWorker } from './deliveries/event-deliveries.worker';
export { DELIVERY_STATUSES, EventDelivery } from './deliveries/event-delivery.entity';
export { EventLane } from './deliveries/event-lane.entity';
export { EventEndpoint } from './endpoints/event-endpoint.entity';
export { DeliveriesService } from './deliveries/deliveries.service';
export { RepeatDeliveriesDto } from './deliveries/dto/repeat-deliveries.dto';
export { EndpointTestService } from './deliveries/endpoint-test.service';
export { CreateWebhookEndpointDto } from './endpoints/dto/create-webhook-endpoint.dto';
export { RotateSecretDto } from './endpoints/dto/rotate-secret.dto';
export { UpdateWebhookEndpointDto } from './endpoints/dto/update-webhook-endpoint.dto';
export { WebhookEndpointListDto } from './endpoints/dto/webhook-endpoint.dto';
export { EndpointsService } from './endpoints/endpoints.service';
