import type { ConnectSession } from '../connect-sessions';
import type { Conclusion, DiagnosisInput } from './diagnosis-input';
import { capital } from './wording';

/** Of the last attempt, unless a connection came after it. */
export function ofNewestSession({ sessions, connections, webhooks }: DiagnosisInput): Conclusion[] {
  const session = sessions[0];
  if (!session) {
    // Of somebody of whom nothing at all is held, more than that is not known.
    if (connections.length > 0 || webhooks.length === 0) return [];
    const summary = 'Nobody has ever made a connect session for this reference.';
    const advice = 'POST /v1/connect-sessions, and send the person to its connectUrl.';
    return [{ code: 'never_asked', summary, advice }];
  }
  const active = connections.filter(({ connection }) => connection.status === 'active');
  if (session.status === 'completed') return [];
  if (active.some(({ connection }) => connection.connectedAt >= session.createdAt)) return [];
  return [ofSession(session)];
}

const AGAIN = 'make a new session (POST /v1/connect-sessions) and send the person to its connectUrl';

function ofSession(session: ConnectSession): Conclusion {
  const { id, openedAt, returnSpentAt, expiresAt, failureReason } = session;
  const named = `The session ${id} of ${session.createdAt.toISOString()}`;
  if (session.status === 'cancelled') {
    const summary = `${named} was cancelled: the person said no at the provider.`;
    return { code: 'cancelled_by_end_user', summary, advice: `If that was a mistake, ${AGAIN}.` };
  }
  if (session.status === 'failed') return failed(named, failureReason);
  if (returnSpentAt) {
    return {
      code: 'came_back_unconfirmed',
      summary: `${named}: the person came back at ${returnSpentAt.toISOString()}, but Terra has not confirmed that an account was connected.`,
      advice:
        'Wait a minute for the webhook; then POST /v1/end-users/:referenceId/reconcile. If Terra holds no account ' +
        `either, ${AGAIN}.`,
    };
  }
  if (session.status === 'expired') {
    const how = openedAt ? 'was opened and not finished' : 'was never opened';
    const summary = `${named} ${how} before it expired at ${expiresAt.toISOString()}.`;
    return { code: 'session_expired', summary, advice: `${capital(AGAIN)}.` };
  }
  if (openedAt) {
    const summary = `${named} was opened at ${openedAt.toISOString()}; the person has not come back from Terra's widget.`;
    const advice = `Ask the person to finish, before ${expiresAt.toISOString()}. Is the widget stuck, ${AGAIN}.`;
    return { code: 'at_widget', summary, advice };
  }
  return {
    code: 'not_opened',
    summary: `${named} was made, but nobody has opened its link.`,
    advice: `Send the person to the connectUrl of the session; it works until ${expiresAt.toISOString()}.`,
  };
}

function failed(named: string, reason: string | null): Conclusion {
  const code = `failed_${(reason ?? 'unknown')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .slice(0, 60)}`;
  if (code === 'failed_missing_scopes') {
    const summary = `${named} failed: the person did not tick the permissions that are needed.`;
    return { code, summary, advice: `${capital(AGAIN)}; ask them to leave every permission ticked.` };
  }
  if (reason?.startsWith('terra.')) {
    const summary = `${named} could not be started at Terra (${reason}).`;
    const advice = `The person has no part in it: an operator looks up ${reason} in the log. Then ${AGAIN}.`;
    return { code, summary, advice };
  }
  const summary = `${named} failed (${reason ?? 'no reason was given'}).`;
  return {
    code,
    summary,
    advice: `${capital(AGAIN)}. If it fails again, give the reason to Terra's support.`,
  };
}
