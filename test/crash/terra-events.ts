/** An event of a sequence; see event-sequences.ts. */
export type SequenceEvent =
  | { type: 'auth'; user: string; scopes: string[] }
  | { type: 'user_reauth'; user: string; scopes: string[]; oldUser: string }
  /** `scopes` replaces all scopes. With null, only the added and the removed scopes are known. */
  | { type: 'permission_change'; user: string; scopes: string[] | null; added: string[]; removed: string[] }
  | { type: 'connection_error' | 'deauth' | 'access_revoked'; user: string }
  | { type: 'activity' | 'daily' | 'sleep'; user: string };

export interface Account {
  referenceId: string;
  provider: string;
}

/**
 * The body of Terra's webhook for an event.
 *
 * @param flowId distinguishes equal events of one second. Without it, their bytes and signatures would be equal, and the
 *   service would not store the second event (T-07)
 */
export function bodyOf(event: SequenceEvent, account: Account, flowId: string): string {
  return JSON.stringify({
    type: event.type,
    ...membersOf(event, account),
    flow_id: flowId,
    version: '2022-03-16',
  });
}

function membersOf(event: SequenceEvent, account: Account): object {
  const user = (id: string, scopes: string[] | null = null): object => ({
    user_id: id,
    provider: account.provider,
    reference_id: account.referenceId,
    scopes: scopes && scopes.join(','),
    active: true,
  });
  switch (event.type) {
    case 'auth':
      return {
        status: 'success',
        user: user(event.user, event.scopes),
        reference_id: account.referenceId,
      };
    case 'user_reauth':
      return { status: 'warning', old_user: user(event.oldUser), new_user: user(event.user, event.scopes) };
    case 'permission_change':
      return {
        status: 'success',
        user: user(event.user, event.scopes),
        scopes_added: event.added,
        scopes_removed: event.removed,
      };
    case 'connection_error':
    case 'deauth':
    case 'access_revoked':
      return { status: 'warning', user: user(event.user) };
    case 'activity':
    case 'daily':
    case 'sleep':
      return { user: user(event.user), data: [{ metadata: { summary_id: event.user } }] };
  }
}
