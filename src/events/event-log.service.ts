import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { Clock } from '../common';
import { afterCommit } from '../database';
import { WorkerHost } from '../queue';
import { EventLogRepository } from './event-log.repository';
import type { EventType } from './event-types';
import { SEQUENCER } from './worker-names';

/** After these events of a connection, none of its data leaves. */
const ENDS: ReadonlySet<EventType> = new Set<EventType>([
  'connection.disconnecting',
  'connection.disconnected',
  'connection.moved',
  'connection.merged',
]);

/** An event to append. */
export interface NewEvent {
  type: EventType;
  /** null: the event is about no end user. */
  referenceId: string | null;
  connectionId: string | null;
  /** When it happened, which may be long before it became known. */
  occurredAt: Date;
  /** The `data` of the CloudEvent. Must be an object that becomes the same JSON today and later. */
  data: object;
}

/** Appends events to the log, from which every way out of the service reads. */
@Injectable()
export class EventLog {
  constructor(
    private readonly repository: EventLogRepository,
    private readonly clock: Clock,
    private readonly workers: WorkerHost,
  ) {}

  /**
   * Appends events in the transaction of the changes that they tell. Two events of one end user leave the service in the
   * order in which this method was called, if the caller holds a lock of the end user. One statement for any number.
   *
   * @returns the ids of the events
   */
  async append(manager: EntityManager, events: NewEvent[]): Promise<string[]> {
    if (events.length === 0) return [];
    const createdAt = this.clock.now();
    const rows = events.map(({ data, ...event }) => {
      return { ...event, id: uuidv7(), data: JSON.stringify(data), createdAt };
    });
    const ended = rows.flatMap(({ type, connectionId }) => (ENDS.has(type) && connectionId) || []);
    await this.repository.insert(manager, rows, [...new Set(ended)]);
    afterCommit(manager, () => this.workers.notify(SEQUENCER));
    return rows.map(({ id }) => id);
  }
}
