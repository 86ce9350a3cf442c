import type { Connection, NewFact, Succession } from '../connections';
import { mayBecome, statusOfFailure, type ConnectSessionStatus } from './connect-session-status';
import type { ConnectSession } from './connect-session.entity';
import { findSession, offers } from './session-matching';
import type { ConnectedSignal, SessionLink, SessionSignal } from './session-signal';

/** A connection that a session led to. `swap`: its Terra user first continues the connection that the session reconnects. */
export interface LedTo {
  sessionId: string;
  link: SessionLink;
  swap: NewFact | null;
}

/** What signals change. */
export interface SessionOutcomes {
  /** The sessions to write. */
  changed: Set<ConnectSession>;
  /** The sessions that ended, with their end. */
  ended: { sessionId: string; status: ConnectSessionStatus }[];
  /** Copies of sessions after a change that callers can see, in the order of the changes. */
  seen: ConnectSession[];
  ledTo: LedTo[];
  successions: Succession[];
  /** T-26: sessions that were created for another provider. */
  mismatched: string[];
}

export function noOutcomes(): SessionOutcomes {
  return { changed: new Set(), ended: [], seen: [], ledTo: [], successions: [], mismatched: [] };
}

/**
 * Decides what signals change, as if each had been applied before the next.
 *
 * @param sessions every session that a signal can be about, in their state before the first signal; this function changes them
 * @param reconnected the connections that these sessions reconnect, by id
 */
export function decideOutcomes(
  signals: SessionSignal[],
  sessions: ConnectSession[],
  reconnected: ReadonlyMap<string, Connection>,
  now: Date,
): SessionOutcomes {
  const outcomes = noOutcomes();
  const bySessionId = new Map(sessions.map((session) => [session.id, session]));
  for (const signal of signals) {
    const { of } = signal;
    const session = 'sessionId' in of ? bySessionId.get(of.sessionId) : findSession(signal, of, sessions);
    if (!session) continue;
    if (signal.kind === 'failed') fail(session, signal.reason, now, outcomes);
    else if ('sessionId' in of || offers(session, of.provider))
      complete(session, signal, reconnected, now, outcomes);
    // The session was created for another provider, so it is not completed. The connection is still valid.
    else outcomes.mismatched.push(session.id);
  }
  return outcomes;
}

function complete(
  session: ConnectSession,
  { link, occurredAt }: ConnectedSignal,
  reconnected: ReadonlyMap<string, Connection>,
  now: Date,
  outcomes: SessionOutcomes,
): void {
  const { connection, terraUserId } = link;
  const old = oldConnectionOf(session, link, reconnected);
  const continues = old !== null && old.provider === connection.provider;
  const swap = continues ? swapIn(session, link, occurredAt) : null;
  // The session offered a provider that succeeds the one of the connection: another account, not a reconnect.
  if (old && !continues)
    outcomes.successions.push({ oldId: old.mergedInto ?? old.id, newId: connection.id, at: occurredAt });
  outcomes.ledTo.push({ sessionId: session.id, link, swap });
  // The session stays open until it is known which connection it led to: what a caller reads then is final.
  const isOpenQuestion = swap === null && connection.provisionalCheckAt !== null;
  if (!isOpenQuestion) finish(session, terraUserId, now, outcomes);
}

/** The connection that the session reconnects, if the Terra user may continue or succeed it. */
function oldConnectionOf(
  { reconnectsConnectionId, reconnectsTerraUserId, referenceId }: ConnectSession,
  { terraUserId, connection }: SessionLink,
  reconnected: ReadonlyMap<string, Connection>,
): Connection | null {
  if (reconnectsConnectionId === null || reconnectsTerraUserId === null) return null;
  if (reconnectsTerraUserId === terraUserId || connection.referenceId !== referenceId) return null;
  // A connection that no longer exists belonged to an erased end user.
  const old = reconnected.get(reconnectsConnectionId);
  return old?.referenceId === referenceId ? old : null;
}

/** The Terra user of a reconnect session replaces the connection's Terra user. */
function swapIn(
  { id, reconnectsTerraUserId: oldTerraUserId, referenceId }: ConnectSession,
  { terraUserId, connection: { provider } }: SessionLink,
  occurredAt: Date,
): NewFact {
  const users = { terraUserId, oldTerraUserId, referenceId, oldReferenceId: referenceId, provider };
  return {
    ...users,
    kind: 'swapped',
    cause: 'reconnect',
    source: 'callback',
    sourceId: id,
    occurredAt,
  };
}

/** Completes a session that led to this Terra user's connection. */
export function finish(
  session: ConnectSession,
  terraUserId: string,
  now: Date,
  outcomes: SessionOutcomes,
): void {
  // With multiAuth, an event about another account does not confirm the account that the callback names.
  const answered = !session.multiAuth || session.checkUserId === terraUserId;
  if (session.checkAt !== null && answered) {
    session.checkAt = null;
    outcomes.changed.add(session);
  }
  end(session, 'completed', null, now, outcomes);
}

function fail(session: ConnectSession, reason: string | null, now: Date, outcomes: SessionOutcomes): void {
  const status = statusOfFailure(reason);
  const isUnexplained = !session.failureReason && !session.providerReason;
  // The callback often comes first and without a reason; the webhook may add the reason later.
  if ((session.status === 'failed' || session.status === 'cancelled') && isUnexplained && reason)
    write(session, { status, providerReason: reason, updatedAt: now }, outcomes);
  else end(session, status, reason, now, outcomes);
}

function end(
  session: ConnectSession,
  status: ConnectSessionStatus,
  providerReason: string | null,
  now: Date,
  outcomes: SessionOutcomes,
): void {
  if (!mayBecome(session.status, status)) return;
  write(session, { status, providerReason, endedAt: now, updatedAt: now }, outcomes);
  outcomes.ended.push({ sessionId: session.id, status });
}

function write(
  session: ConnectSession,
  change: Partial<ConnectSession>,
  { changed, seen }: SessionOutcomes,
): void {
  Object.assign(session, change, { failureReason: null });
  changed.add(session);
  seen.push({ ...session });
}
