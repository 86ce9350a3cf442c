import { randomUUID } from 'node:crypto';
import type { Behaviour } from '../behaviour';
import { toWireUser, type LinkedUser } from './linked-user';

/** A webhook body, shaped as in Terra's webhook schemas of July and October 2026 (the two are equal). */
export type TerraEvent = { type: string } & Record<string, unknown>;

/** Terra's ids of the attempt that an auth event reports. They are not ids of Terra Connect. */
export interface AttemptIds {
  widgetSessionId: string | null;
  flowId: string;
}

export const VERSION = '2022-03-16';

export function authEvent(user: LinkedUser, ids: AttemptIds, behaviour: Behaviour): TerraEvent {
  const wireUser = toWireUser(user);
  const inUser = behaviour.referenceAt !== 'top';
  const atTop = behaviour.referenceAt !== 'user';
  return {
    type: 'auth',
    status: 'success',
    message: 'user successfully authenticated',
    flow_id: ids.flowId,
    ...(behaviour.sendWidgetSessionId ? { widget_session_id: ids.widgetSessionId } : {}),
    user: inUser ? wireUser : { ...wireUser, reference_id: null },
    ...(atTop ? { reference_id: user.referenceId } : {}),
    version: VERSION,
  };
}

/** A failed attempt. The new form names no user; the old form is an `auth` event that must not link its user. */
export function failedAuthEvent(
  attempt: { provider: string; referenceId: string | null; userId?: string },
  reason: string,
  ids: AttemptIds,
  behaviour: Behaviour,
): TerraEvent {
  const reference = { reference_id: attempt.referenceId };
  if (behaviour.failedAuthForm === 'auth_cancelled') {
    return { type: 'auth_cancelled', status: 'error', flow_id: ids.flowId, reason, ...reference };
  }
  return {
    type: 'auth',
    status: 'error',
    user: {
      user_id: attempt.userId ?? randomUUID(),
      provider: attempt.provider,
      ...reference,
      active: false,
    },
    provider: attempt.provider,
    message: 'failed to authenticate and has been deleted',
    reason,
    ...reference,
    ...(behaviour.sendWidgetSessionId ? { widget_session_id: ids.widgetSessionId } : {}),
    version: VERSION,
  };
}

export function reauthEvent(old: LinkedUser, user: LinkedUser, behaviour: Behaviour): TerraEvent {
  return {
    type: 'user_reauth',
    status: 'warning',
    message: 'user reauthenticated: the old user is deleted',
    old_user: behaviour.reauthOldUser === 'null' ? null : { ...toWireUser(old), active: false },
    new_user: toWireUser(user),
    version: VERSION,
  };
}

export function deauthEvent(user: LinkedUser): TerraEvent {
  return {
    type: 'deauth',
    status: 'success',
    user: { ...toWireUser(user), active: false },
    message: 'user deauthenticated',
  };
}

export function accessRevokedEvent(user: LinkedUser): TerraEvent {
  return {
    type: 'access_revoked',
    status: 'warning',
    user: { ...toWireUser(user), active: false },
    message: 'user revoked access at the provider',
  };
}

/** The user stays `active: true`: Terra's documents say that the field does not prove a working connection. */
export function connectionErrorEvent(user: LinkedUser): TerraEvent {
  return {
    type: 'connection_error',
    status: 'warning',
    user: toWireUser(user),
    message: 'the provider rejected a request for this user: ask them to reconnect',
  };
}

export function permissionChangeEvent(user: LinkedUser, added: string[], removed: string[]): TerraEvent {
  return {
    type: 'permission_change',
    status: 'warning',
    user: toWireUser(user),
    message: 'user changed permissions',
    scopes_added: added.join(','),
    scopes_removed: removed.join(','),
    version: VERSION,
  };
}
