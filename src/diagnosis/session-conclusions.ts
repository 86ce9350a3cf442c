import type { ConnectSession } from '../connect-sessions';
import { capitalized, type Conclusion, type DiagnosisInput } from './diagnosis-input';

const START_SESSION =
  'create a new session (POST /v1/connect-sessions) and send the end user to its connectUrl';

/** The conclusions about the latest attempt to connect, unless a connection followed it. */
export function concludeNewestSession({ sessions, connections, webhooks }: DiagnosisInput): Conclusion[] {
  const session = sessions[0];
  if (!session) {
    // A connection can exist without a session. Without any record, the conclusion is `unknown_end_user`.
    if (connections.length > 0 || webhooks.length === 0) return [];
    const summary = 'No connect session was created for this reference id.';
    return [{ code: 'never_asked', summary, advice: `${capitalized(START_SESSION)}.` }];
  }
  const active = connections.filter(({ connection }) => connection.status === 'active');
  if (session.status === 'completed') return [];
  if (active.some(({ connection }) => connection.connectedAt >= session.createdAt)) return [];
  return [concludeSession(session)];
}

function concludeSession(session: ConnectSession): Conclusion {
  const { id, openedAt, returnSpentAt, expiresAt, failureReason } = session;
  const named = `The session ${id} of ${session.createdAt.toISOString()}`;
  if (session.status === 'cancelled') {
    const summary = `${named} was cancelled: the end user declined at the provider.`;
    return { code: 'cancelled_by_end_user', summary, advice: `If that was a mistake, ${START_SESSION}.` };
  }
  if (session.status === 'failed') return failed(named, failureReason);
  if (returnSpentAt) {
    return {
      code: 'callback_unconfirmed',
      summary: `${named}: the browser came back at ${returnSpentAt.toISOString()}, but Terra has not confirmed a connected account.`,
      advice:
        'Wait a minute for the webhook; then POST /v1/end-users/:referenceId/reconcile. If Terra lists no account, ' +
        `${START_SESSION}.`,
    };
  }
  if (session.status === 'expired') {
    const how = openedAt ? 'was opened and not finished' : 'was never opened';
    const summary = `${named} ${how} before it expired at ${expiresAt.toISOString()}.`;
    return { code: 'session_expired', summary, advice: `${capitalized(START_SESSION)}.` };
  }
  if (openedAt) {
    const summary = `${named} was opened at ${openedAt.toISOString()}; the end user has not come back from Terra's widget.`;
    const advice = `Ask the end user to finish before ${expiresAt.toISOString()}. If the widget is stuck, ${START_SESSION}.`;
    return { code: 'at_widget', summary, advice };
  }
  return {
    code: 'not_opened',
    summary: `${named} was created, but the end user has not opened its link yet.`,
    advice: `Send the end user to the connectUrl of the session; it works until ${expiresAt.toISOString()}.`,
  };
}

function failed(named: string, reason: string | null): Conclusion {
  const code = `failed_${(reason ?? 'unknown')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .slice(0, 60)}`;
  if (code === 'failed_missing_scopes') {
    const summary = `${named} failed: the end user did not allow the required permissions.`;
    return {
      code,
      summary,
      advice: `${capitalized(START_SESSION)}; ask the end user to allow every permission.`,
    };
  }
  if (reason?.startsWith('terra.')) {
    const summary = `${named} could not be created at Terra (${reason}).`;
    const advice = `The end user cannot fix this. An operator must look up ${reason} in the log. Then ${START_SESSION}.`;
    return { code, summary, advice };
  }
  const summary = `${named} failed (${reason ?? 'without a reason'}).`;
  return {
    code,
    summary,
    advice: `${capitalized(START_SESSION)}. If it fails again, send the reason to Terra's support.`,
  };
}
