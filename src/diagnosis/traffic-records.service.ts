import { Injectable } from '@nestjs/common';
import { ConnectionsService } from '../connections';
import { EndUserEvents } from '../events';
import { WebhookEventsService, type WebhookEventSummary } from '../webhooks';
import type { TrafficRecords } from './diagnosis-input';

const WEBHOOKS = 50;
const EVENTS = 20;

/** Reads what has come from Terra about an end user, and what has gone to your services. */
@Injectable()
export class TrafficRecordsService {
  constructor(
    private readonly webhooks: WebhookEventsService,
    private readonly events: EndUserEvents,
    private readonly connections: ConnectionsService,
  ) {}

  /** @param terraUserIds every Terra user of the end user */
  async read(referenceId: string, terraUserIds: string[]): Promise<TrafficRecords> {
    const [webhooks, lastWebhookAt, told, lastDataAt] = await Promise.all([
      this.readWebhooks(referenceId, terraUserIds),
      this.webhooks.lastReceivedAt(),
      this.events.read(referenceId, EVENTS),
      this.connections.lastDataAt(),
    ]);
    return { webhooks, lastWebhookAt, told, lastDataAt };
  }

  // T-16: an event can name two end users, for example when one claims the account of the other.
  private async readWebhooks(referenceId: string, terraUserIds: string[]): Promise<WebhookEventSummary[]> {
    const events = await this.webhooks.listOfEndUser(referenceId, terraUserIds, WEBHOOKS);
    const others = events.flatMap(({ terraUserId: id }) => (id && !terraUserIds.includes(id) ? id : []));
    const hidden = await this.connections.ownedAmong([...new Set(others)]);
    return events.map((event) => ({
      ...event,
      referenceId: event.referenceId === referenceId ? referenceId : null,
      terraUserId: event.terraUserId && hidden.includes(event.terraUserId) ? null : event.terraUserId,
    }));
  }
}
