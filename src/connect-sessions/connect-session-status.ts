import { TERRA_PROBLEM_CODES, type TerraProblemCode } from '../terra';

/**
 * - `pending` created; the end user has not opened it
 * - `opened` the end user has opened Terra's widget
 * - `completed` at least one account was connected
 * - `failed`, `cancelled` the attempt ended without a connection; `failureReason` or `providerReason` says why
 * - `expired` the end user did not finish in time
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

/** The statuses in which the service still sends a browser to the widget. */
export const OPEN_STATUSES: readonly ConnectSessionStatus[] = ['pending', 'opened'];

// Terra's widget lets an end user retry after a failure, and Terra may report a success after the session has ended. So
// `completed` overrides every other end, and no end overrides `completed`.
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

/**
 * Why the service itself ended a session: the creation failed with a problem code, or was abandoned, or the end user was
 * erased. Only this module writes these codes. A text from outside is a `providerReason`, so it never looks like one.
 */
export const FAILURE_REASONS: readonly FailureReason[] = [
  'abandoned',
  'erased',
  'internal',
  ...TERRA_PROBLEM_CODES,
];
export type FailureReason = 'abandoned' | 'erased' | 'internal' | TerraProblemCode;

/** The code for a creation that failed with a problem code. */
export function toFailureReason(problemCode: string): FailureReason {
  return FAILURE_REASONS.find((reason) => reason === problemCode) ?? 'internal';
}

/** How long after `expiresAt` a browser may come back: an end user may still be at the provider's page. */
export const CALLBACK_GRACE_MS = 60 * 60_000;

/** The largest expected difference between Terra's clock and ours. */
export const CLOCK_DIFFERENCE_MS = 2_000;

interface ExpiringSession {
  status: ConnectSessionStatus;
  expiresAt: Date;
  /** null until Terra has answered. */
  widgetUrl: string | null;
  failureReason: FailureReason | null;
  endedAt: Date | null;
}

/** The session as it is at `now`: an overdue session counts as expired before the worker has stored that. */
export function asOf<Session extends ExpiringSession>(session: Session, now: Date): Session {
  if (!OPEN_STATUSES.includes(session.status) || session.expiresAt > now) return session;
  const endedAt = session.expiresAt;
  // Without a widget URL, the creation of the session was never finished.
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

/** `cancelled` if the reason says that the end user declined, otherwise `failed`. Terra may send any reason. */
export function statusOfFailure(reason: string | null): 'failed' | 'cancelled' {
  return reason !== null && /access_denied|cancel|declin|denied by (the )?user/i.test(reason)
    ? 'cancelled'
    : 'failed';
}
