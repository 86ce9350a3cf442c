import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { Clock } from '../common';
import { DataSubjectsService, type Tombstones } from '../connections';
import { inTransaction } from '../database';
import { envelopeOf, mayHoldHealthData, parseTerraEvent, type TerraEvent } from '../terra';
import { erasedBody, erasedPartOf, idsNamedIn, type ErasedPart } from './erased-part';
import { labelsOf } from './event-labels';
import { effectsOf, type EventEffects, type EventOutcome } from './event-table';
import { DataForwarding } from './data-forwarding.service';
import { WebhookEffectsService } from './webhook-effects.service';
import { DATA_WAITS, HAS_BEEN_ERASED } from './webhook-event.entity';
import {
  WebhookProcessingRepository,
  type DueBatch,
  type LockedBatch,
  type LockedWebhookEvent,
  type SettledEvent,
} from './webhook-processing.repository';

/** The labels of the metric that counts processed events. */
interface ProcessedEvent {
  type: string;
  outcome: string;
}

/** What a transaction has processed. */
export interface ProcessedBatch {
  processed: ProcessedEvent[];
  /** Whether more events may be due. */
  hasMore: boolean;
  /** false: another transaction processes the lane, so this one has processed nothing. */
  isTurn: boolean;
}

/** An event of the inbox with everything that its body says. */
interface ReadEvent {
  stored: LockedWebhookEvent;
  /** null: unreadable. */
  event: TerraEvent | null;
  occurredAt: Date;
  effects: EventEffects;
}

/** Processes events of the inbox in sets. The effects of a set and the status of its events commit together. */
@Injectable()
export class WebhookProcessorService {
  constructor(
    private readonly inbox: WebhookProcessingRepository,
    private readonly subjects: DataSubjectsService,
    private readonly effects: WebhookEffectsService,
    private readonly forwarding: DataForwarding,
    private readonly clock: Clock,
    @InjectDataSource() private readonly dataSource: DataSource,
  ) {}

  /**
   * Processes the next due events of a lane, up to a limit, in one transaction.
   *
   * @param taken receives the locked events, also when processing fails
   */
  processDue(due: DueBatch, taken: LockedWebhookEvent[]): Promise<ProcessedBatch> {
    return this.process(taken, (manager, now) => this.inbox.lockDue(manager, due, now));
  }

  /** Processes these events in one transaction, without those that are not due any more or locked by another worker. */
  processAgain(events: readonly LockedWebhookEvent[], taken: LockedWebhookEvent[]): Promise<ProcessedBatch> {
    const ids = events.map(({ id }) => id);
    return this.process(taken, async (manager, now) => {
      return { events: await this.inbox.lockAgain(manager, ids, now), isFull: false, isTurn: true };
    });
  }

  private process(
    taken: LockedWebhookEvent[],
    lock: (manager: EntityManager, now: Date) => Promise<LockedBatch>,
  ): Promise<ProcessedBatch> {
    return inTransaction(this.dataSource, async (manager) => {
      // Before the transaction reads an event. Then no erasure completes until the transaction ends.
      await this.subjects.shareErasureLock(manager);
      const now = this.clock.now();
      const { events, isFull, isTurn } = await lock(manager, now);
      // A repeated transaction locks its events again.
      taken.splice(0, Infinity, ...events);
      if (events.length === 0) return { processed: [], hasMore: false, isTurn };
      const read = events.map(readEvent);
      const effects = await this.forwarding.keepWanted(
        manager,
        read.map((one) => one.effects),
      );
      await this.effects.lock(manager, effects);
      const tombstones = await this.tombstonesOf(manager, read);
      const outcomes = await this.effects.apply(manager, effects, tombstones);
      const erasedParts = read.map(({ event, occurredAt }) =>
        event === null ? 'none' : erasedPartOf(event, occurredAt, tombstones),
      );
      const ofData = await this.forwarding.forward(
        manager,
        read.map(({ stored, occurredAt }, index) => {
          const isErased = erasedParts[index] !== 'none';
          return { ...stored, occurredAt, isErased, forward: effects[index]?.forward ?? null };
        }),
      );
      const settled = read.flatMap((one, index) => {
        const [outcome, isData] = [ofData[index] ?? outcomes[index], ofData[index] !== null];
        const erasedPart = erasedParts[index] ?? 'none';
        return outcome ? { ...settle(one, outcome, erasedPart, isData), event: one.event } : [];
      });
      await this.inbox.settle(manager, settled, now);
      const processed = settled.map(({ event, status }) => ({
        type: event === null ? 'unreadable' : (event.type ?? 'unknown'),
        outcome: status,
      }));
      return { processed, hasMore: isFull || settled.length < read.length, isTurn };
    });
  }

  private async tombstonesOf(manager: EntityManager, read: ReadEvent[]): Promise<Tombstones> {
    const ids = idsNamedIn(read.flatMap(({ event }) => event ?? []));
    if (ids.terraUserIds.length + ids.referenceIds.length === 0) return new Map();
    return this.subjects.tombstonesOf(manager, ids);
  }
}

function readEvent(stored: LockedWebhookEvent): ReadEvent {
  const event = parseTerraEvent(stored.body);
  const occurredAt = stored.occurredAt ?? stored.signedAt;
  return { stored, event, occurredAt, effects: effectsOf(event, { eventId: stored.id, occurredAt }) };
}

function settle(
  { stored: { id }, event }: ReadEvent,
  outcome: EventOutcome,
  erasedPart: ErasedPart,
  isData: boolean,
): SettledEvent {
  const kept = { id, ...outcome, body: null, isErased: false };
  if (event === null) return { ...kept, type: null, terraUserId: null, referenceId: null };
  const labels = labelsOf(event);
  if (erasedPart === 'all' || outcome.note === HAS_BEEN_ERASED) {
    const body = erasedBody(labels.type);
    const nobody = { type: labels.type, terraUserId: null, referenceId: null };
    return { id, status: 'ignored', note: HAS_BEEN_ERASED, ...nobody, body, isErased: true };
  }
  // The service keeps neither health data nor the id of an erased end user that a swap names.
  if (erasedPart === 'some') return { ...kept, ...labels, body: erasedBody(labels.type) };
  if (outcome.note === DATA_WAITS || outcome.status === 'pending') return { ...kept, ...labels };
  const isOnlyEnvelopeKept = isData || mayHoldHealthData(event.type);
  return { ...kept, ...labels, body: isOnlyEnvelopeKept ? envelopeOf(event) : null };
}
