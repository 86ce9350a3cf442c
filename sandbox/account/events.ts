import { randomUUID } from 'node:crypto';
import type { Behaviour } from '../behaviour';
import { toWireUser, type LinkedUser } from './linked-user';

/** A webhook body. Shapes: Terra's webhook schemas of July and October 2026, unchanged between the two. */
export type TerraEvent = { type: string } & Record<string, unknown>;

/** The attempt that an auth event tells of; flows and sessions are Terra's ids, not ours. */
export interface AttemptTrace {
  widgetSessionId: string | null;
  flowId: string;
}

const VERSION = '2022-03-16';

export function authEvent(user: LinkedUser, trace: AttemptTrace, behaviour: Behaviour): TerraEvent {
  const wireUser = toWireUser(user);
  const inUser = behaviour.referenceAt !== 'top';
  const onTop = behaviour.referenceAt !== 'user';
  return {
    type: 'auth',
    status: 'success',
    message: 'user successfully authenticated',
    flow_id: trace.flowId,
    ...(behaviour.sendWidgetSessionId ? { widget_session_id: trace.widgetSessionId } : {}),
    user: inUser ? wireUser : { ...wireUser, reference_id: null },
    ...(onTop ? { reference_id: user.referenceId } : {}),
    version: VERSION,
  };
}

/** A failed attempt: the new event names no user, the old form is an `auth` that must not link. */
export function failedAuthEvent(
  attempt: { provider: string; referenceId: string | null; userId?: string },
  reason: string,
  trace: AttemptTrace,
  behaviour: Behaviour,
): TerraEvent {
  const reference = { reference_id: attempt.referenceId };
  if (behaviour.failedAuthForm === 'auth_cancelled') {
    return { type: 'auth_cancelled', status: 'error', flow_id: trace.flowId, reason, ...reference };
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
    ...(behaviour.sendWidgetSessionId ? { widget_session_id: trace.widgetSessionId } : {}),
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

/** The user stays `active: true`: Terra says itself that the field is no proof of health. */
export function connectionErrorEvent(user: LinkedUser): TerraEvent {
  return {
    type: 'connection_error',
    status: 'warning',
    user: toWireUser(user),
    message: 'the provider refused a request for this user: ask them to reconnect',
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

export function dataEvent(user: LinkedUser, type: string, at: number): TerraEvent {
  if (type === 'athlete') return athleteEvent(user);
  const day = new Date(at).toISOString().slice(0, 10);
  const metadata = { start_time: `${day}T00:00:00.000000+00:00`, end_time: `${day}T23:59:59.000000+00:00` };
  return {
    type,
    user: toWireUser(user),
    data: [{ metadata, distance_data: { steps: 8_412, distance_meters: 6_120 } }],
    version: VERSION,
  };
}

/** The only event that says who the person is at the provider; an object where the others have a list `data`. */
function athleteEvent(user: LinkedUser): TerraEvent {
  return {
    type: 'athlete',
    user: toWireUser(user),
    athlete: { provider_user_id: user.providerAccount },
    version: VERSION,
  };
}
