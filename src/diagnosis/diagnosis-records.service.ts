import { Injectable } from '@nestjs/common';
import { ConnectSessionsService } from '../connect-sessions';
import { ConnectionHistoryService, ConnectionsService, DeauthenticationsService } from '../connections';
import { SweepsService } from '../reconciliation';
import type { DiagnosisRecords } from './diagnosis-input';
import { TrafficRecordsService } from './traffic-records.service';

const SESSIONS = 20;
const HISTORY_LINES = 20;

/** Reads what the service has stored about an end user, with a fixed number of statements. */
@Injectable()
export class DiagnosisRecordsService {
  constructor(
    private readonly sessions: ConnectSessionsService,
    private readonly connections: ConnectionsService,
    private readonly histories: ConnectionHistoryService,
    private readonly deauthentications: DeauthenticationsService,
    private readonly sweeps: SweepsService,
    private readonly traffic: TrafficRecordsService,
  ) {}

  async read(referenceId: string): Promise<DiagnosisRecords> {
    const [sessions, found, records, requests, erasedAt, awaitingAdoption] = await Promise.all([
      this.sessions.listOf(referenceId, SESSIONS),
      this.connections.allOf(referenceId),
      this.histories.recordsOf(referenceId, HISTORY_LINES),
      this.deauthentications.listOf(referenceId),
      this.connections.erasedAt(referenceId),
      this.sweeps.awaitingAdoption(),
    ]);
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
      ...(await this.traffic.read(referenceId, terraUserIds)),
      awaitingAdoption,
    };
  }
}
