import type { Connection } from '../connections';

/** What an event says about the session that it belongs to. */
export interface SessionHint {
  referenceId: string;
  /** Terra's id of the widget session, if the event names it. */
  widgetSessionId: string | null;
  provider: string | null;
  occurredAt: Date;
}

/** A session that the sender of a signal knows. */
interface KnownSession {
  sessionId: string;
}

/** A linked Terra user with its connection. `joined`: whether these facts linked it. */
export interface SessionLink {
  terraUserId: string;
  connection: Connection;
  joined: boolean;
}

/** A Terra user was linked. A repeated event completes only the session that it names, never a later one. */
export interface ConnectedSignal {
  kind: 'connected';
  of: SessionHint | KnownSession;
  link: SessionLink;
  occurredAt: Date;
}

/** An attempt failed or was cancelled. */
export interface FailedSignal {
  kind: 'failed';
  of: SessionHint | KnownSession;
  reason: string | null;
}

export type SessionSignal = ConnectedSignal | FailedSignal;

/** Whether a signal is about the session that it names, or else about one that fits. */
export function searchesSession(signal: SessionSignal): boolean {
  return signal.kind === 'failed' || signal.link.joined;
}
