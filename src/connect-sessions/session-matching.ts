import { CALLBACK_GRACE_MS, CLOCK_DIFFERENCE_MS } from './connect-session-status';
import type { ConnectSession } from './connect-session.entity';
import { searchesSession, type SessionHint, type SessionSignal } from './session-signal';

// A search for the session of an event looks at the newest sessions only.
export const MAX_CANDIDATES = 10;

/** The session that a signal is about: the one that it names, or else the one that fits best. */
export function findSession(
  signal: SessionSignal,
  hint: SessionHint,
  sessions: ConnectSession[],
): ConnectSession | null {
  const { referenceId, widgetSessionId } = hint;
  const own = sessions.filter((session) => session.referenceId === referenceId);
  const named = own.find(
    ({ terraSessionId }) => terraSessionId !== null && terraSessionId === widgetSessionId,
  );
  if (named || !searchesSession(signal)) return named ?? null;
  return signal.kind === 'connected' ? findConnectable(own, hint) : findFailable(own, hint);
}

/**
 * The session that a new connection probably came from, if the event names no known session: Terra does not document
 * that `widget_session_id` equals the `session_id` of the creation. Takes the newest session that the end user could use
 * at that time, an opened one first.
 */
function findConnectable(sessions: ConnectSession[], hint: SessionHint): ConnectSession | null {
  // With multiAuth, the end user may still be at the widget and connect another provider.
  const candidates = usableThen(
    sessions,
    hint,
    ({ status, multiAuth }) => status !== 'completed' || multiAuth,
  );
  return candidates.find(({ status }) => status === 'opened') ?? candidates[0] ?? null;
}

/**
 * The session that a failed attempt probably came from: one that ended without a reason, otherwise an opened one. Takes a
 * session that was never opened only if it is the only candidate, because its link would stop working for an attempt that
 * may have come from elsewhere.
 */
function findFailable(sessions: ConnectSession[], hint: SessionHint): ConnectSession | null {
  const candidates = usableThen(
    sessions,
    hint,
    ({ status }) => status !== 'completed' && status !== 'expired',
  );
  const unexplained = candidates.find(
    ({ endedAt, failureReason, providerReason }) => endedAt && !failureReason && !providerReason,
  );
  const opened = candidates.find(({ status }) => status === 'opened');
  const only = candidates.length === 1 ? candidates[0] : undefined;
  return unexplained ?? opened ?? only ?? null;
}

/** The sessions that the end user could use when the event occurred, newest first. */
function usableThen(
  sessions: ConnectSession[],
  { provider, occurredAt }: SessionHint,
  fits: (session: ConnectSession) => boolean,
): ConnectSession[] {
  const at = occurredAt.getTime();
  return sessions
    .filter((session) => session.widgetUrl !== null && fits(session))
    .filter(({ createdAt }) => createdAt.getTime() <= at + CLOCK_DIFFERENCE_MS)
    .filter(({ expiresAt }) => expiresAt.getTime() >= at - CALLBACK_GRACE_MS)
    .sort((a, b) => (a.id < b.id ? 1 : -1))
    .slice(0, MAX_CANDIDATES)
    .filter((session) => offers(session, provider));
}

/** Whether the session can lead to this provider. */
export function offers({ providers }: ConnectSession, provider: string | null): boolean {
  return provider === null || providers.length === 0 || providers.includes(provider);
}
