import { Injectable } from '@nestjs/common';
import { In, IsNull, Not, type EntityManager } from 'typeorm';
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
import { EventLog } from '../events';
import { ConnectSessionConnection } from './connect-session-connection.entity';
import { ConnectSessionMaintenanceRepository } from './connect-session-maintenance.repository';
import { OPEN_STATUSES } from './connect-session-status';
import { ConnectSession } from './connect-session.entity';
import { eventsOf } from './session-events';

const SESSION_EXPORT: ExportPolicy<ConnectSession> = {
  id: 'exported',
  referenceId: 'own_reference',
  status: 'exported',
  failureReason: 'exported',
  providerReason: 'exported',
  providers: 'exported',
  language: 'exported',
  showDisconnect: 'exported',
  multiAuth: 'exported',
  useTerraAvengersApp: 'exported',
  appleAppUrl: 'exported',
  samsungAppUrl: 'exported',
  connectedUids: 'exported',
  bypassFeedback: 'exported',
  returnUrl: 'exported',
  failureReturnUrl: 'exported',
  metadata: 'exported',
  renewableUntil: 'exported',
  renewals: 'exported',
  renewedFrom: 'exported',
  renewedBy: 'exported',
  connectToken: 'secret',
  returnNonceHash: 'secret',
  returnSpentAt: 'exported',
  successCallbackAt: 'exported',
  checkUserId: 'own_terra_user',
  checkAt: 'exported',
  checks: 'exported',
  terraSessionId: 'exported',
  reconnectsConnectionId: 'own_connection',
  reconnectsTerraUserId: 'own_terra_user',
  widgetUrl: 'secret',
  widgetGeneration: 'exported',
  warnings: 'exported',
  apiKeyId: 'exported',
  idempotencyKey: 'secret',
  idempotencyDigest: 'secret',
  createdAt: 'exported',
  updatedAt: 'exported',
  expiresAt: 'exported',
  openedAt: 'exported',
  endedAt: 'exported',
};

/** The personal data of connect sessions. */
@Injectable()
export class SessionPersonalData implements PersonalData {
  readonly entities = [ConnectSession, ConnectSessionConnection];

  readonly pruneRules: readonly PruneRule[] = [
    {
      table: 'connect_sessions',
      days: ({ sessionsDays }) => sessionsDays,
      prune: (before, signal) => this.maintenance.pruneEnded(before, signal),
    },
  ];

  constructor(
    private readonly maintenance: ConnectSessionMaintenanceRepository,
    private readonly events: EventLog,
    private readonly clock: Clock,
  ) {}

  /** Cancels open sessions, and ends renewals, so that links that the end user already has stop working. */
  async beginErasure(manager: EntityManager, { referenceId }: ErasureRequest): Promise<void> {
    const now = this.clock.now();
    const open = await manager.find(ConnectSession, {
      where: { referenceId, status: In([...OPEN_STATUSES]) },
      lock: { mode: 'pessimistic_write' },
    });
    const end = { status: 'cancelled', failureReason: 'erased', endedAt: now, updatedAt: now } as const;
    await manager.update(ConnectSession, { id: In(open.map(({ id }) => id)) }, end);
    await this.events.append(manager, eventsOf(open.map((session) => ({ ...session, ...end }))));
    await manager.update(
      ConnectSession,
      { referenceId, renewableUntil: Not(IsNull()) },
      { renewableUntil: null, updatedAt: now },
    );
  }

  async exportRows(manager: EntityManager, subject: DataSubject): Promise<Partial<ExportSections>> {
    const sessions = await this.listOf(manager, subject.referenceId);
    const links = await manager.find(ConnectSessionConnection, {
      where: { sessionId: In(sessions.map(({ id }) => id)) },
      order: { sessionId: 'ASC', connectionId: 'ASC' },
    });
    const connectionIdsOf = (id: string): string[] =>
      links
        .filter(
          ({ sessionId, connectionId }) => sessionId === id && subject.connectionIds.includes(connectionId),
        )
        .map(({ connectionId }) => connectionId);
    return {
      connectSessions: sessions.map((session) => ({
        ...exportedFields(session, SESSION_EXPORT, subject),
        connectionIds: connectionIdsOf(session.id),
      })),
    };
  }

  async erase(
    manager: EntityManager,
    { referenceId, connectionIds }: DataSubject,
  ): Promise<Record<string, number>> {
    const sessions = await this.listOf(manager, referenceId);
    const links = await manager.delete(ConnectSessionConnection, [
      { sessionId: In(sessions.map(({ id }) => id)) },
      { connectionId: In(connectionIds) },
    ]);
    await manager.delete(ConnectSession, { referenceId });
    return { sessions: sessions.length, sessionLinks: links.affected ?? 0 };
  }

  private listOf(manager: EntityManager, referenceId: string): Promise<ConnectSession[]> {
    return manager.find(ConnectSession, { where: { referenceId }, order: { id: 'ASC' } });
  }
}
