import { Injectable } from '@nestjs/common';
import { ConnectSessionsService } from '../connect-sessions';
import { ConnectionHistoryService, ConnectionsService, DeauthenticationsService } from '../connections';
import { SweepsService } from '../reconciliation';
import { WebhookEventsService, type WebhookEventSummary } from '../webhooks';
import type { DiagnosisRecords } from './diagnosis-input';

const SESSIONS = 20;
const WEBHOOKS = 50;
const HISTORY_LINES = 20;

/** Reads what the service has stored about an end user, with a fixed number of statements. */
@Injectable()
export class DiagnosisRecordsService {
  constructor(
    private readonly sessions: ConnectSessionsService,
    private readonly connections: ConnectionsService,
    private readonly histories: ConnectionHistoryService,
    private readonly deauthentications: DeauthenticationsService,
    private readonly webhooks: WebhookEventsService,
    private readonly sweeps: SweepsService,
  ) {}

  async read(referenceId: string): Promise<DiagnosisRecords> {
    const [sessions, found, records, requests, lastWebhookAt, erasedAt, awaitingAdoption] = await Promise.all(
      [
        this.sessions.listOf(referenceId, SESSIONS),
        this.connections.allOf(referenceId),
        this.histories.recordsOf(referenceId, HISTORY_LINES),
        this.deauthentications.listOf(referenceId),
        this.webhooks.lastReceivedAt(),
        this.connections.erasedAt(referenceId),
        this.sweeps.awaitingAdoption(),
      ],
    );
    const connections = found.map((connection) => ({
      connection,
      ...(records.get(connection.id) ?? { identities: [], history: [] }),
    }));
    const terraUserIds = connections.flatMap(({ identities }) => identities.map((one) => one.terraUserId));
    const cameBack = sessions.length + connections.length > 0;
    return {
      referenceId,
      erasedAt: cameBack ? null : erasedAt,
      sessions,
      connections,
      pendingDeauthentications: requests.filter(({ status }) => status === 'pending'),
      webhooks: await this.readWebhooks(referenceId, terraUserIds),
      lastWebhookAt,
      awaitingAdoption,
    };
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
