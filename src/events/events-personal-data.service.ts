import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Clock } from '../common';
import {
  exportedFields,
  type DataSubject,
  type ErasureRequest,
  type ExportPolicy,
  type ExportSections,
  type PersonalData,
  type PruneRule,
} from '../database';
import { EventBodiesRepository } from './data/event-bodies.repository';
import { EventBody } from './data/event-body.entity';
import { DeliveriesRepository } from './deliveries/deliveries.repository';
import { EventDelivery } from './deliveries/event-delivery.entity';
import { EventLane } from './deliveries/event-lane.entity';
import { EventLogRepository } from './event-log.repository';
import { EventLog } from './event-log.service';
import { OutgoingEvent } from './outgoing-event.entity';

const EVENT_EXPORT: ExportPolicy<OutgoingEvent> = {
  id: 'exported',
  ordinal: 'internal',
  position: 'exported',
  type: 'exported',
  referenceId: 'own_reference',
  connectionId: 'own_connection',
  occurredAt: 'exported',
  // `exportRows` exports it without the Terra users of others.
  data: 'internal',
  createdAt: 'exported',
};

const DELIVERY_EXPORT: ExportPolicy<EventDelivery> = {
  endpointId: 'exported',
  eventId: 'exported',
  position: 'internal',
  laneKey: 'own_reference',
  status: 'exported',
  attempts: 'exported',
  lastAttempts: 'exported',
  deliveredAt: 'exported',
};

/** The personal data of the log of outgoing events, and of their deliveries. */
@Injectable()
export class EventsPersonalData implements PersonalData {
  readonly entities = [OutgoingEvent, EventBody, EventDelivery, EventLane];

  readonly pruneRules: readonly PruneRule[] = [
    {
      table: 'outgoing_events',
      days: ({ eventsDays }) => eventsDays,
      prune: (before, signal) => this.repository.dropPartitions(before, signal),
    },
  ];

  constructor(
    private readonly repository: EventLogRepository,
    private readonly log: EventLog,
    private readonly deliveries: DeliveriesRepository,
    private readonly bodies: EventBodiesRepository,
    private readonly clock: Clock,
  ) {}

  // The lock of the log comes first, as in the sequencer. After it, no delivery comes into being, and no worker takes a lane
  // of the end user: so no request to an endpoint is under way or begins when the erasure commits.
  async erasureObstacle(manager: EntityManager, { referenceId }: ErasureRequest): Promise<string | null> {
    await this.repository.lockLog(manager);
    const isTaken = await this.deliveries.lockLanesOf(manager, referenceId, this.clock.now());
    return isTaken ? 'delivery_in_flight' : null;
  }

  async exportRows(manager: EntityManager, subject: DataSubject): Promise<Partial<ExportSections>> {
    const events = await this.repository.listOf(manager, subject.referenceId);
    const deliveries = await this.deliveries.listOf(manager, subject.referenceId);
    const bodies = await this.bodies.listOf(manager, subject.referenceId);
    return {
      eventBodies: bodies.map((body) => ({ ...body })),
      outgoingEvents: events.map((event) => ({
        ...exportedFields(event, EVENT_EXPORT, subject),
        data: ownDataOf(event.data, subject),
      })),
      eventDeliveries: deliveries.map((delivery) => exportedFields(delivery, DELIVERY_EXPORT, subject)),
    };
  }

  /** The last event of an end user tells callers to erase, too. It names the end user until its retention ends. */
  async erase(manager: EntityManager, { referenceId }: DataSubject): Promise<Record<string, number>> {
    const eventBodies = await this.bodies.deleteOf(manager, referenceId);
    const eventDeliveries = await this.deliveries.deleteOf(manager, referenceId);
    const outgoingEvents = await this.repository.deleteOf(manager, referenceId);
    const about = { referenceId, connectionId: null, occurredAt: this.clock.now() };
    await this.log.append(manager, [{ ...about, type: 'end_user.erased', data: { referenceId } }]);
    return { eventBodies, eventDeliveries, outgoingEvents };
  }
}

/** T-16: a moved account was the end user's, but its Terra user is another end user's now. */
function ownDataOf(data: string, { terraUserIds }: DataSubject): unknown {
  return JSON.parse(data, (key, value: unknown) =>
    key === 'terraUserId' && !terraUserIds.includes(value as string) ? null : value,
  );
}
