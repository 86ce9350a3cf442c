/**
 * - `pending` created; the end user has not opened it
 * - `opened` the end user is at Terra's widget, as far as we know
 * - `completed` at least one account was connected
 * - `failed`, `cancelled` the attempt ended without a connection; `failureReason` says why
 * - `expired` it was not finished in time
 */
export const CONNECT_SESSION_STATUSES = [
  'pending',
  'opened',
  'completed',
  'failed',
  'cancelled',
  'expired',
] as const;
export type ConnectSessionStatus = (typeof CONNECT_SESSION_STATUSES)[number];

/** The statuses in which a browser can still be sent to the widget. */
export const OPEN_STATUSES: readonly ConnectSessionStatus[] = ['pending', 'opened'];

// Terra's widget lets an end user retry after a failure, and a success may be reported after we gave up: a connection
// outranks every other end, and nothing outranks a connection.
const ALLOWED_TRANSITIONS: Record<ConnectSessionStatus, readonly ConnectSessionStatus[]> = {
  pending: ['opened', 'completed', 'failed', 'cancelled', 'expired'],
  opened: ['completed', 'failed', 'cancelled', 'expired'],
  completed: [],
  failed: ['completed'],
  cancelled: ['completed'],
  expired: ['completed'],
};

export function mayBecome(from: ConnectSessionStatus, to: ConnectSessionStatus): boolean {
  return ALLOWED_TRANSITIONS[from].includes(to);
}

/** After `expiresAt`, an end user who opened the widget in time may still be at the provider's page and come back. */
export const CALLBACK_GRACE_MS = 60 * 60_000;

interface ExpiringSession {
  status: ConnectSessionStatus;
  expiresAt: Date;
  /** null until Terra has answered. */
  widgetUrl: string | null;
  failureReason: string | null;
  endedAt: Date | null;
}

/** A session as of a time: it expires by the clock, without a worker. A worker stores the expiry later. */
export function asOf<Session extends ExpiringSession>(session: Session, now: Date): Session {
  if (!OPEN_STATUSES.includes(session.status) || session.expiresAt > now) return session;
  const endedAt = session.expiresAt;
  // Without a widget URL its creation was never finished.
  if (session.widgetUrl === null)
    return { ...session, status: 'failed', failureReason: 'abandoned', endedAt };
  return { ...session, status: 'expired', endedAt };
}

/** The outcome in the `status` parameter of the caller's return URL. */
export type ReturnStatus = 'connected' | 'pending' | 'failed' | 'cancelled';

export const RETURN_STATUS: Record<ConnectSessionStatus, ReturnStatus> = {
  pending: 'pending',
  opened: 'pending',
  completed: 'connected',
  failed: 'failed',
  cancelled: 'cancelled',
  expired: 'failed',
};

/** An end user who declined has cancelled; every other reason is a failure. Terra's list of reasons is open. */
export function statusOfFailure(reason: string | null): 'failed' | 'cancelled' {
  return reason !== null && /access_denied|cancel|declin|denied by (the )?user/i.test(reason)
    ? 'cancelled'
    : 'failed';
}
