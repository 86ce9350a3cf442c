export { EventLogState } from './event-log.entity';
export { EventLog, type NewEvent } from './event-log.service';
export { EventSequencer } from './event-sequencer.worker';
export {
  CONNECTION_EVENT_TYPES,
  SESSION_EVENT_TYPES,
  type ConnectionEventType,
  type SessionEventType,
} from './event-types';
export { EventsModule } from './events.module';
export { EventsPersonalData } from './events-personal-data.service';
export { OutgoingEvent } from './outgoing-event.entity';
