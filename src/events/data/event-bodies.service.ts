import { Injectable } from '@nestjs/common';
import { Readable } from 'node:stream';
import type { EntityManager } from 'typeorm';
import { Clock, withoutByteOrderMark } from '../../common';
import { DataOptions } from '../../config';
import { Metrics } from '../../observability';
import { EventLogRepository } from '../event-log.repository';
import { EventDataGoneError, EventDataNotFoundError } from '../events.errors';
import { EventBodiesRepository, type NewBody } from './event-bodies.repository';

const HOUR_MS = 3_600_000;
const PART_BYTES = 1_024 * 1_024;

/** Keeps the bodies of data events until every taker has them. */
@Injectable()
export class EventBodies {
  constructor(
    private readonly repository: EventBodiesRepository,
    private readonly log: EventLogRepository,
    private readonly options: DataOptions,
    private readonly clock: Clock,
    metrics: Metrics,
  ) {
    metrics.beforeScrape(async () => {
      const { bodies, bytes } = await repository.totals();
      metrics.eventBodies.set(bodies);
      metrics.eventBodyBytes.set(bytes);
    });
  }

  /** Stores the bodies of events in the transaction that appends them. */
  async store(manager: EntityManager, bodies: NewBody[]): Promise<void> {
    if (bodies.length === 0) return;
    const expiresAt = new Date(this.clock.now().getTime() + this.options.retentionHours * HOUR_MS);
    // A message has the body inside of its JSON.
    const insertable = bodies.map((each) => ({ ...each, body: withoutByteOrderMark(each.body) }));
    await this.repository.insert(manager, insertable, expiresAt);
  }

  /** The sizes of these bodies, by event; without those that the service does not have any more. */
  sizesOf(eventIds: string[]): Promise<Map<string, number>> {
    return this.repository.sizesOf(eventIds, this.clock.now());
  }

  /** These bodies, by event; without those that the service does not have any more. */
  read(eventIds: string[]): Promise<Map<string, Buffer>> {
    return this.repository.bodiesOf(eventIds, this.clock.now());
  }

  /** The size of a body and its first bytes; null: the service does not have the body any more. */
  async beginningOf(eventId: string, length: number): Promise<{ bytes: number; start: Buffer } | null> {
    const found = await this.repository.part(eventId, 0, length, this.clock.now());
    return found && { bytes: found.bytes, start: found.part };
  }

  /**
   * The rest of a body in parts: Postgres sends bytes as text of twice the size.
   *
   * @returns null: the service does not have the body any more
   */
  async restOf(eventId: string, from: number, bytes: number): Promise<Buffer[] | null> {
    const parts: Buffer[] = [];
    try {
      for await (const part of this.partsOf(eventId, bytes, from)) parts.push(part);
      return parts;
    } catch (error) {
      if (error instanceof EventDataGoneError) return null;
      throw error;
    }
  }

  /**
   * Deletes bodies that NATS has got, unless another taker needs them.
   *
   * @param claimed these that consumers of NATS fetch by themselves, at any time until they expire
   */
  async handedToNats(eventIds: string[], claimed: string[]): Promise<void> {
    if (claimed.length > 0) await this.repository.keep(claimed);
    if (eventIds.length > 0) await this.repository.release(eventIds);
  }

  /**
   * Opens a body for a reader. Reads it in parts, so that a slow reader costs no memory.
   *
   * @throws EventDataNotFoundError, EventDataGoneError
   */
  async open(eventId: string): Promise<{ bytes: number; stream: Readable }> {
    const type = await this.log.typeOf(eventId);
    if (!type?.startsWith('data.')) throw new EventDataNotFoundError();
    const bytes = (await this.sizesOf([eventId])).get(eventId);
    if (bytes === undefined) throw new EventDataGoneError();
    return { bytes, stream: Readable.from(this.partsOf(eventId, bytes), { objectMode: false }) };
  }

  private async *partsOf(eventId: string, bytes: number, start = 0): AsyncGenerator<Buffer> {
    for (let from = start; from < bytes; from += PART_BYTES) {
      const found = await this.repository.part(eventId, from, PART_BYTES, this.clock.now());
      // The reader gets fewer bytes than announced, and so knows that the body is not complete.
      if (found === null) throw new EventDataGoneError();
      yield found.part;
    }
  }
}
