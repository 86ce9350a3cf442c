import { Injectable } from '@nestjs/common';
import { ConnectSessionsService } from '../connect-sessions';
import {
  ConnectionHistoryService,
  ConnectionsService,
  DeauthenticationsService,
  type Connection,
} from '../connections';
import { WebhookEventsService } from '../webhooks';
import type { DiagnosedConnection, DiagnosisRecords } from './diagnosis-input';

const SESSIONS = 20;
const WEBHOOKS = 50;
const HISTORY_LINES = 20;

/** Reads what the service has stored about an end user. */
@Injectable()
export class DiagnosisRecordsService {
  constructor(
    private readonly sessions: ConnectSessionsService,
    private readonly connections: ConnectionsService,
    private readonly histories: ConnectionHistoryService,
    private readonly deauthentications: DeauthenticationsService,
    private readonly webhooks: WebhookEventsService,
  ) {}

  async read(referenceId: string): Promise<DiagnosisRecords> {
    const [sessions, found, requests, lastWebhookAt, erasedAt] = await Promise.all([
      this.sessions.listOf(referenceId, SESSIONS),
      this.connections.allOf(referenceId),
      this.deauthentications.listOf(referenceId),
      this.webhooks.lastReceivedAt(),
      this.connections.erasedAt(referenceId),
    ]);
    const connections: DiagnosedConnection[] = [];
    // Reads one after the other, so that an end user with many connections does not take the whole pool.
    for (const connection of found) connections.push(await this.readConnection(connection));
    const terraUserIds = connections.flatMap(({ identities }) => identities.map((one) => one.terraUserId));
    const cameBack = sessions.length + connections.length > 0;
    return {
      referenceId,
      erasedAt: cameBack ? null : erasedAt,
      sessions,
      connections,
      pendingDeauthentications: requests.filter(({ status }) => status === 'pending'),
      webhooks: await this.webhooks.listOfEndUser(referenceId, terraUserIds, WEBHOOKS),
      lastWebhookAt,
    };
  }

  private async readConnection(connection: Connection): Promise<DiagnosedConnection> {
    const identities = await this.connections.identitiesOf(connection.id);
    const { items: history } = await this.histories.history(connection.id, { limit: HISTORY_LINES });
    return { connection, identities, history };
  }
}
