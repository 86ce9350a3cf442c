import type { EventSequence } from './event-sequences';
import type { SequenceEvent } from './terra-events';

/** The statuses that the sequences lead to, by their meaning. */
export const STATUS = { connected: 'active', rejected: 'needs_reauth', ended: 'disconnected' } as const;

/** The compared properties of a connection. */
export interface ConnectionState {
  referenceId: string;
  provider: string;
  terraUserId: string;
  status: string;
  statusReason: string | null;
  scopes: string[];
  /** The ids of all Terra users that the connection has had. */
  terraUserIds: string[];
  /** One line per fact, oldest first. Each line is an effect that must occur exactly once. */
  history: string[];
}

const DATA: readonly SequenceEvent['type'][] = ['activity', 'daily', 'sleep'];

/** The state of the connection if the events of the sequence arrive in order and nothing fails. */
export function expectedOf({ referenceId, provider, events }: EventSequence): ConnectionState {
  const state: ConnectionState = {
    ...{ referenceId, provider, terraUserId: events[0]?.user ?? '' },
    ...{ status: STATUS.connected, statusReason: null, scopes: [], terraUserIds: [], history: [] },
  };
  const setStatus = (status: string, reason: string | null): void =>
    void Object.assign(state, { status, statusReason: reason });
  for (const event of events) {
    if (!state.terraUserIds.includes(event.user)) state.terraUserIds.push(event.user);
    if (!DATA.includes(event.type)) state.history.push(`${event.type} ${event.user}`);
    if (event.type === 'user_reauth') {
      state.terraUserId = event.user;
      state.scopes = event.scopes;
      setStatus(STATUS.connected, null);
    }
    // Events of another Terra user, superseded or not yet current, do not change the connection any further.
    if (event.user !== state.terraUserId) continue;
    if (event.type === 'auth') {
      state.scopes = event.scopes;
      setStatus(STATUS.connected, null);
    }
    if (event.type === 'permission_change') {
      const kept = (event.scopes ?? state.scopes).filter((scope) => !event.removed.includes(scope));
      state.scopes = [...new Set([...kept, ...event.added])];
    }
    if (event.type === 'connection_error') setStatus(STATUS.rejected, event.type);
    if (event.type === 'deauth' || event.type === 'access_revoked') setStatus(STATUS.ended, event.type);
  }
  return { ...state, scopes: [...state.scopes].sort(), terraUserIds: [...state.terraUserIds].sort() };
}
