import type { ConnectSession } from '../connect-sessions';
import { explainTerraProblem } from '../terra';
import { capitalized, type Conclusion, type DiagnosisInput } from './diagnosis-input';

const START_SESSION =
  'create a new session (POST /v1/connect-sessions) and send the end user to its connectUrl';

/** The end user's latest attempt to connect, unless an account was connected since. */
export function openQuestion({
  sessions,
  connections,
}: Pick<DiagnosisInput, 'sessions' | 'connections'>): ConnectSession | null {
  const [session] = sessions;
  const isAnswered = connections.some(
    ({ connection }) =>
      connection.status === 'active' && session && connection.connectedAt >= session.createdAt,
  );
  return !session || session.status === 'completed' || isAnswered ? null : session;
}

/** Whether the end user has opened Terra's widget and has not come back. */
export function isAtWidget(session: ConnectSession | null): boolean {
  const hasEnded = session?.status === 'failed' || session?.status === 'cancelled';
  return session !== null && session.openedAt !== null && session.returnSpentAt === null && !hasEnded;
}

/** The conclusion about the latest attempt to connect. */
export function concludeNewestSession(input: DiagnosisInput): Conclusion[] {
  const { sessions, connections, webhooks, terra } = input;
  if (sessions.length === 0) {
    // A connection can exist without a session. Without any record, the conclusion is `unknown_end_user`.
    if (connections.length > 0 || webhooks.length === 0) return [];
    const summary = 'No connect session was created for this reference id.';
    return [{ code: 'never_asked', summary, advice: `${capitalized(START_SESSION)}.` }];
  }
  const session = openQuestion(input);
  if (!session) return [];
  const isFull = terra.answered && terra.isFull && isAtWidget(session);
  return [isFull ? userCapReached(session) : concludeSession(session, input)];
}

function userCapReached(session: ConnectSession): Conclusion {
  return {
    code: 'user_cap_reached',
    summary: `${nameOf(session)} was opened, and the end user has not come back. The Terra account has 50 users, the limit of a testing or staging environment: at the limit, Terra's widget shows "User Limit Reached" and does not return.`,
    advice: `An operator must deauthenticate users that are no longer needed (DELETE /v1/connections/:id), or use a production environment. Then ${START_SESSION}.`,
  };
}

function nameOf({ id, createdAt }: ConnectSession): string {
  return `The session ${id} of ${createdAt.toISOString()}`;
}

function concludeSession(session: ConnectSession, { terra }: DiagnosisInput): Conclusion {
  const { openedAt, returnSpentAt, expiresAt } = session;
  const named = nameOf(session);
  if (session.status === 'cancelled') {
    const summary = `${named} was cancelled: the end user declined at the provider.`;
    return { code: 'cancelled_by_end_user', summary, advice: `If that was a mistake, ${START_SESSION}.` };
  }
  if (session.status === 'failed') return failed(named, session);
  if (returnSpentAt) {
    return {
      code: 'callback_unconfirmed',
      summary: `${named}: the browser came back at ${returnSpentAt.toISOString()}, but Terra has not confirmed a connected account.`,
      advice:
        'If the end user chose Apple Health, Samsung Health or Health Connect, your mobile app must finish the ' +
        `connection with a token of POST /v1/sdk-tokens. ${terra.answered ? 'Otherwise Terra lists no new account, so' : 'Otherwise wait a minute for the webhook; then'} ${START_SESSION}.`,
    };
  }
  if (session.status === 'expired') {
    const how = openedAt ? 'was opened and not finished' : 'was never opened';
    const summary = `${named} ${how} before it expired at ${expiresAt.toISOString()}.`;
    return { code: 'session_expired', summary, advice: `${capitalized(START_SESSION)}.` };
  }
  if (openedAt) {
    const summary = `${named} was opened at ${openedAt.toISOString()}; the end user has not come back from Terra's widget.`;
    const advice = `Ask the end user what the widget shows. A form: finish before ${expiresAt.toISOString()}. An error, or a blank page in an app's web view: open the link in the system browser, or ${START_SESSION}.`;
    return { code: 'at_widget', summary, advice };
  }
  return {
    code: 'not_opened',
    summary: `${named} was created, but the end user has not opened its link yet.`,
    advice: `Send the end user to the connectUrl of the session; it works until ${expiresAt.toISOString()}.`,
  };
}

// A reason from outside is part of the summary, never of the code: it could look like any of our codes.
function failed(named: string, { failureReason, providerReason }: ConnectSession): Conclusion {
  if (providerReason === 'missing_scopes') {
    const summary = `${named} failed: the end user did not allow the required permissions.`;
    const advice = `${capitalized(START_SESSION)}; ask the end user to allow every permission.`;
    return { code: 'failed_missing_scopes', summary, advice };
  }
  if (failureReason?.startsWith('terra.')) {
    const { problem, remedy } = explainTerraProblem(failureReason);
    const summary = `${named} could not be created at Terra (${failureReason}). ${problem}`;
    const code = `failed_${failureReason.replace('.', '_')}`;
    return { code, summary, advice: `${remedy} Then ${START_SESSION}.` };
  }
  if (failureReason !== null) {
    const summary = `${named} failed (${failureReason}).`;
    return { code: `failed_${failureReason}`, summary, advice: `${capitalized(START_SESSION)}.` };
  }
  const code = providerReason === null ? 'failed_unknown' : 'failed_at_provider';
  const summary = `${named} failed (${providerReason === null ? 'without a reason' : `the provider or Terra says: ${providerReason}`}).`;
  const advice = `${capitalized(START_SESSION)}. If it fails again, send the reason to Terra's support.`;
  return { code, summary, advice };
}
