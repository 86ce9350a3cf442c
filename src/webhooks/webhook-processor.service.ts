import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { Clock } from '../common';
import { inTransaction } from '../database';
import { envelopeOf, mayHoldHealthData, parseTerraEvent, type TerraEvent } from '../terra';
import { erasedBody, ErasedWebhookService, type ErasedPart } from './erased-webhook.service';
import { labelsOf } from './event-labels';
import { WebhookErasureRepository } from './webhook-erasure.repository';
import { HAS_BEEN_ERASED } from './webhook-event.entity';
import { WebhookHandlers } from './webhook-handlers';
import {
  WebhookInboxRepository,
  type EventOutcome,
  type LockedWebhookEvent,
} from './webhook-inbox.repository';

const UNREADABLE: EventOutcome = {
  status: 'dead_lettered',
  note: 'the body is not a Terra event as JSON in UTF-8',
  type: null,
  terraUserId: null,
};

/** The labels of the metric that counts processed events. */
export interface ProcessedEvent {
  type: string;
  outcome: string;
}

/** Processes events of the inbox; an event's effects and its status commit together. */
@Injectable()
export class WebhookProcessorService {
  constructor(
    private readonly inbox: WebhookInboxRepository,
    private readonly handlers: WebhookHandlers,
    private readonly erased: ErasedWebhookService,
    private readonly erasures: WebhookErasureRepository,
    private readonly clock: Clock,
    @InjectDataSource() private readonly dataSource: DataSource,
  ) {}

  /**
   * Processes all due events, up to a limit, in one transaction, because commits are the largest cost.
   *
   * @param taken receives the locked events, also when processing fails
   */
  processDue(limit: number, taken: LockedWebhookEvent[]): Promise<ProcessedEvent[]> {
    return inTransaction(this.dataSource, async (manager) => {
      await this.erased.shareErasureLock(manager);
      // A repeated transaction locks its events again.
      taken.splice(0, Infinity, ...(await this.inbox.lockDue(manager, this.clock.now(), limit)));
      const processed: ProcessedEvent[] = [];
      for (const event of taken) processed.push(await this.process(manager, event));
      return processed;
    });
  }

  private async process(manager: EntityManager, stored: LockedWebhookEvent): Promise<ProcessedEvent> {
    const now = this.clock.now();
    const event = parseTerraEvent(stored.body ?? (await this.inbox.readBody(manager, stored.id)));
    if (!event) {
      await this.inbox.recordOutcome(manager, stored.id, UNREADABLE, now);
      return { type: 'unreadable', outcome: UNREADABLE.status };
    }
    const occurredAt = stored.occurredAt ?? stored.signedAt;
    const erasedPart = await this.erased.erasedPart(manager, event, occurredAt);
    const result = await this.handlers.handle(manager, { event, occurredAt, eventId: stored.id });
    const labels = labelsOf(event);
    const type = event.type ?? 'unknown';
    if (erasedPart === 'all' || result.note === HAS_BEEN_ERASED) {
      const blank = { type: labels.type, body: erasedBody(labels.type) };
      await this.erasures.blank(manager, stored.id, blank, now);
      return { type, outcome: 'ignored' };
    }
    const outcome = { ...result, ...labels, ...bodyToKeep(event, erasedPart) };
    await this.inbox.recordOutcome(manager, stored.id, outcome, now);
    return { type, outcome: result.status };
  }
}

// The service keeps neither health data nor the id of an erased end user that a swap names.
function bodyToKeep(event: TerraEvent, erasedPart: ErasedPart): { body?: Buffer } {
  if (erasedPart === 'some') return { body: erasedBody(labelsOf(event).type) };
  return mayHoldHealthData(event.type) ? { body: envelopeOf(event) } : {};
}
