import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Clock } from '../common';
import {
  exportedFields,
  type DataSubject,
  type ExportPolicy,
  type ExportSections,
  type PersonalData,
  type PruneRule,
} from '../database';
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
  data: 'exported',
  createdAt: 'exported',
};

/** The personal data of the log of outgoing events. */
@Injectable()
export class EventsPersonalData implements PersonalData {
  readonly entities = [OutgoingEvent];

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
    private readonly clock: Clock,
  ) {}

  async exportRows(manager: EntityManager, subject: DataSubject): Promise<Partial<ExportSections>> {
    const events = await this.repository.listOf(manager, subject.referenceId);
    return { outgoingEvents: events.map((event) => exportedFields(event, EVENT_EXPORT, subject)) };
  }

  /** The last event of an end user tells callers to erase, too. It names the end user until its retention ends. */
  async erase(manager: EntityManager, { referenceId }: DataSubject): Promise<Record<string, number>> {
    const outgoingEvents = await this.repository.deleteOf(manager, referenceId);
    const about = { referenceId, connectionId: null, occurredAt: this.clock.now() };
    await this.log.append(manager, [{ ...about, type: 'end_user.erased', data: { referenceId } }]);
    return { outgoingEvents };
  }
}
