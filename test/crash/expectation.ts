import type { Story } from './stories';
import type { StoryEvent } from './terra-events';

/** The connection's statuses by what they mean here. */
export const STATUS = { connected: 'active', refused: 'needs_reauth', ended: 'disconnected' } as const;

/** A connection as far as it is compared. */
export interface ConnectionState {
  referenceId: string;
  provider: string;
  terraUserId: string;
  status: string;
  statusReason: string | null;
  scopes: string[];
  /** Every Terra user that it has had. */
  terraUserIds: string[];
  /** What happened to it, oldest first: each line an effect that there must be once. */
  news: string[];
}

const DATA: readonly StoryEvent['type'][] = ['activity', 'daily', 'sleep'];

/** What a story comes to when its events are applied one after the other and nothing goes wrong. */
export function expectedOf({ referenceId, provider, events }: Story): ConnectionState {
  const state: ConnectionState = {
    ...{ referenceId, provider, terraUserId: events[0]?.user ?? '' },
    ...{ status: STATUS.connected, statusReason: null, scopes: [], terraUserIds: [], news: [] },
  };
  const become = (status: string, reason: string | null): void =>
    void Object.assign(state, { status, statusReason: reason });
  for (const event of events) {
    if (!state.terraUserIds.includes(event.user)) state.terraUserIds.push(event.user);
    if (!DATA.includes(event.type)) state.news.push(`${event.type} ${event.user}`);
    if (event.type === 'user_reauth') {
      state.terraUserId = event.user;
      state.scopes = event.scopes;
      become(STATUS.connected, null);
    }
    // Of a Terra user that has been succeeded, or has not taken over yet, nothing else changes the connection.
    if (event.user !== state.terraUserId) continue;
    if (event.type === 'auth') {
      state.scopes = event.scopes;
      become(STATUS.connected, null);
    }
    if (event.type === 'permission_change') {
      const kept = (event.scopes ?? state.scopes).filter((scope) => !event.removed.includes(scope));
      state.scopes = [...new Set([...kept, ...event.added])];
    }
    if (event.type === 'connection_error') become(STATUS.refused, event.type);
    if (event.type === 'deauth' || event.type === 'access_revoked') become(STATUS.ended, event.type);
  }
  return { ...state, scopes: [...state.scopes].sort(), terraUserIds: [...state.terraUserIds].sort() };
}
