/**
 * - `pending` made, the person has not opened it
 * - `opened` the person is at Terra's widget, as far as we know
 * - `completed` at least one account was connected
 * - `failed`, `cancelled` the attempt ended without a connection; `failureReason` says why
 * - `expired` nobody finished it in time
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

/** A browser can still be sent to the widget. */
export const OPEN_STATUSES: readonly ConnectSessionStatus[] = ['pending', 'opened'];

// Terra's widget lets a person try again after a failure, and a success may be told after we gave up: a connection that
// is there outranks every other end. Nothing outranks a connection.
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

/** What the caller's return URL is told. */
export type ReturnStatus = 'connected' | 'pending' | 'failed' | 'cancelled';

export const RETURN_STATUS: Record<ConnectSessionStatus, ReturnStatus> = {
  pending: 'pending',
  opened: 'pending',
  completed: 'connected',
  failed: 'failed',
  cancelled: 'cancelled',
  expired: 'failed',
};

/** A person who says no has cancelled; everything else has failed. Terra's list of reasons is open. */
export function statusOfFailure(reason: string | null): 'failed' | 'cancelled' {
  return reason !== null && /access_denied|cancel|declin|denied by (the )?user/i.test(reason)
    ? 'cancelled'
    : 'failed';
}
