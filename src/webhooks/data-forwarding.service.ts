import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Clock } from '../common';
import { DataOptions } from '../config';
import { ForwardedDataService, type DataPassage } from '../connections';
import { afterCommit } from '../database';
import { DataTakers } from '../events';
import { Metrics } from '../observability';
import { outcomeOfData, type DataForward, type EventEffects, type EventOutcome } from './event-table';
import { WebhookProcessingRepository, type LockedWebhookEvent } from './webhook-processing.repository';

const HOUR_MS = 3_600_000;
const POINTER = 'data.s3_payload';
const TO_FETCH: EventOutcome = { status: 'pending', note: null };

const WAITED_TOO_LONG = 'its data does not leave: the owner of the Terra user stayed unknown';
const TOO_MANY_WAITING = 'its data does not leave: too much data waits for the owners of Terra users';

/** An event of the inbox that may carry data for takers. */
type DataEvent = Pick<LockedWebhookEvent, 'body' | 'receivedAt'> & {
  occurredAt: Date;
  isErased: boolean;
  /** null: no taker wants it. */
  forward: DataForward | null;
};

/** Hands data events of the inbox on, in sets, and lets data wait: for its owner, within limits, or until it is fetched. */
@Injectable()
export class DataForwarding {
  /** How much data may wait for the owners of Terra users. */
  readonly limits = { events: 10_000, bytes: 256 * 1_024 * 1_024 };

  constructor(
    private readonly takers: DataTakers,
    private readonly data: ForwardedDataService,
    private readonly inbox: WebhookProcessingRepository,
    private readonly options: DataOptions,
    private readonly clock: Clock,
    private readonly metrics: Metrics,
  ) {}

  /** The effects without the data that no taker wants: the service keeps only its envelope. */
  async keepWanted(manager: EntityManager, effects: EventEffects[]): Promise<EventEffects[]> {
    if (effects.every(({ forward }) => forward === null)) return effects;
    const wanted = await this.takers.typesWanted(manager);
    // Which type is behind a pointer is only known when it has been fetched.
    const wantsPayloads = this.fetchesPointers && [...wanted].some((type) => type !== POINTER);
    const isWanted = ({ type }: DataForward): boolean =>
      this.fetchesPointers && type === POINTER ? wantsPayloads : wanted.has(type);
    return effects.map((each) =>
      each.forward && !isWanted(each.forward) ? { ...each, forward: null } : each,
    );
  }

  /** @returns the outcome of each event, by index; null: it is no data that a taker wants */
  async forward(manager: EntityManager, events: DataEvent[]): Promise<(EventOutcome | null)[]> {
    const received = events.flatMap((event) => {
      const { forward, body, occurredAt, isErased, receivedAt } = event;
      return forward && !this.isToBeFetched(event)
        ? {
            ...forward,
            body,
            occurredAt,
            isErased,
            isPointer: forward.type === POINTER,
            receivedAt,
          }
        : [];
    });
    const passages = received.length === 0 ? [] : await this.data.forward(manager, received);
    const inVain = await this.waitsInVain(manager, received, passages);
    const outcomes = passages.map((passage, index) => outcomeOfData(passage, inVain[index] ?? null));
    return events.map((event) => {
      if (!event.forward) return null;
      return this.isToBeFetched(event) ? TO_FETCH : (outcomes.shift() ?? null);
    });
  }

  private get fetchesPointers(): boolean {
    return this.options.pointers === 'fetch';
  }

  private isToBeFetched({ forward, isErased }: DataEvent): boolean {
    return this.fetchesPointers && forward?.type === POINTER && !isErased;
  }

  /** Why events that would wait must not; null: they may. */
  private async waitsInVain(
    manager: EntityManager,
    events: Pick<DataEvent, 'body' | 'receivedAt'>[],
    passages: DataPassage[],
  ): Promise<(string | null)[]> {
    if (passages.every(({ kind }) => kind !== 'waiting')) return [];
    const now = this.clock.now().getTime();
    const waiting = await this.inbox.waitingData(manager);
    return events.map(({ body, receivedAt }, index) => {
      if (passages[index]?.kind !== 'waiting') return null;
      const isOld = receivedAt.getTime() < now - this.options.retentionHours * HOUR_MS;
      if (isOld) return this.note(manager, 'waited_too_long', WAITED_TOO_LONG);
      waiting.events += 1;
      waiting.bytes += body.length;
      const isFull = waiting.events > this.limits.events || waiting.bytes > this.limits.bytes;
      return isFull ? this.note(manager, 'too_many_waiting', TOO_MANY_WAITING) : null;
    });
  }

  private note(manager: EntityManager, outcome: string, note: string): string {
    afterCommit(manager, () => this.metrics.dataEvents.inc({ outcome }));
    return note;
  }
}
