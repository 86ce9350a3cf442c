import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Clock } from '../common';
import {
  exportedFields,
  type DataSubject,
  type ErasureRequest,
  type ExportSections,
  type ExportPolicy,
  type PersonalData,
  type PruneRule,
} from '../database';
import { erasedBody } from './erased-part';
import { ownBodyOf } from './own-body';
import { WebhookErasureRepository } from './webhook-erasure.repository';
import { WebhookEvent } from './webhook-event.entity';
import { WebhookRetentionRepository } from './webhook-retention.repository';

// The service keeps unapplied events longer, because an operator may still need them.
const UNAPPLIED_FACTOR = 3;

const EVENT_EXPORT: ExportPolicy<WebhookEvent> = {
  id: 'exported',
  traceId: 'exported',
  traceIdReused: 'exported',
  terraReference: 'exported',
  signedAt: 'exported',
  occurredAt: 'exported',
  receivedAt: 'exported',
  // `exportRows` exports the end user's own part of the body, as text.
  body: 'internal',
  type: 'exported',
  terraUserId: 'own_terra_user',
  referenceId: 'own_reference',
  status: 'exported',
  lane: 'internal',
  attempts: 'exported',
  nextAttemptAt: 'exported',
  note: 'exported',
  processedAt: 'exported',
  replays: 'exported',
  replayedAt: 'exported',
  replayedBy: 'exported',
};

/** The personal data of stored webhook events. */
@Injectable()
export class WebhookPersonalData implements PersonalData {
  readonly entities = [WebhookEvent];

  readonly pruneRules: readonly PruneRule[] = [
    {
      table: 'webhook_events',
      days: ({ webhookEventsDays }) => webhookEventsDays,
      prune: (before, signal) => this.prune(before, signal),
    },
    {
      table: 'webhook_receipts',
      days: ({ webhookEventsDays }) => webhookEventsDays,
      prune: (before, signal) => this.retention.pruneReceipts(before, signal),
    },
  ];

  constructor(
    private readonly repository: WebhookErasureRepository,
    private readonly retention: WebhookRetentionRepository,
    private readonly clock: Clock,
  ) {}

  // Unread events that were received before the request may be about the end user.
  async erasureObstacle(manager: EntityManager, { requestedAt }: ErasureRequest): Promise<string | null> {
    return (await this.repository.hasUnread(manager, requestedAt)) ? 'events_not_read' : null;
  }

  async exportRows(manager: EntityManager, subject: DataSubject): Promise<Partial<ExportSections>> {
    const events = await this.repository.listOf(manager, subject);
    return {
      webhookEvents: events.map((event) => ({
        ...exportedFields(event, EVENT_EXPORT, subject),
        body: ownBodyOf(event.body, subject),
      })),
    };
  }

  async erase(manager: EntityManager, subject: DataSubject): Promise<Record<string, number>> {
    const now = this.clock.now();
    const events = await this.repository.findOf(manager, subject);
    for (const { id, type } of events)
      await this.repository.blank(manager, id, { type, body: erasedBody(type) }, now);
    const swaps = await this.repository.blankSwaps(manager, subject.successorIds, erasedBody('user_reauth'));
    return { webhookEvents: events.length + swaps };
  }

  private prune(before: Date, signal: AbortSignal): Promise<number> {
    const now = this.clock.now().getTime();
    const unappliedBefore = new Date(now - UNAPPLIED_FACTOR * (now - before.getTime()));
    return this.retention.pruneEvents(before, unappliedBefore, signal);
  }
}
