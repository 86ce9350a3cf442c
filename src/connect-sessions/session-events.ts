import type { NewEvent, SessionEventType } from '../events';
import type { ConnectSessionStatus } from './connect-session-status';
import type { ConnectSession } from './connect-session.entity';

const TYPE_OF_STATUS: Record<ConnectSessionStatus, SessionEventType | null> = {
  pending: null,
  opened: null,
  completed: 'connect_session.completed',
  failed: 'connect_session.failed',
  cancelled: 'connect_session.cancelled',
  expired: 'connect_session.expired',
};

/**
 * The event that tells callers of the end of a session, without its links, which are secrets; null while it is open.
 *
 * @param connectionIds the connections that the session made
 */
export function eventOf(session: ConnectSession, connectionIds: string[] = []): NewEvent | null {
  const { id, status, referenceId, reconnectsConnectionId, providers, metadata, endedAt } = session;
  const { failureReason, providerReason, createdAt } = session;
  const type = TYPE_OF_STATUS[status];
  if (type === null) return null;
  return {
    type,
    referenceId,
    connectionId: connectionIds[0] ?? null,
    occurredAt: endedAt ?? createdAt,
    data: {
      session: {
        id,
        status,
        referenceId,
        providers,
        connectionId: reconnectsConnectionId,
        metadata,
        failureReason,
        providerReason,
        connectionIds,
        createdAt,
        endedAt,
      },
    },
  };
}

/** The events of sessions that have ended. */
export function eventsOf(sessions: ConnectSession[]): NewEvent[] {
  return sessions.flatMap((session) => eventOf(session) ?? []);
}
