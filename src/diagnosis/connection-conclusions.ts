import type { Connection } from '../connections';
import type { Conclusion, DiagnosisInput } from './diagnosis-input';
import { capital } from './wording';

const HOUR_MS = 3_600_000;

const NEEDS_REAUTH: Record<string, string> = {
  connection_error: 'the provider refuses Terra, for example after a change of password',
  inactive: 'Terra has given the account up and collects nothing any more',
  missing_scopes: 'the person has taken every permission away',
};
const DISCONNECTED: Record<string, string> = {
  deauth: "by Terra, or by the person in Terra's widget",
  access_revoked: 'by the person, in the settings of the provider',
  disconnected_by_us: 'because your side asked for it',
  absent: "because Terra's lists lacked it twice",
};

/** What a connection's status comes to. */
export function ofConnection(connection: Connection, facts: DiagnosisInput): Conclusion[] {
  const { id, provider, status, statusReason, statusAt, lastDataAt } = connection;
  const since = statusAt.toISOString();
  const reconnect = `ask the person to connect it again: POST /v1/connect-sessions with connectionId ${id}`;
  if (status === 'active') {
    const connected = {
      code: 'connected',
      summary: `${provider} is connected since ${connection.connectedAt.toISOString()}${lastDataAt ? `; data last came at ${lastDataAt.toISOString()}` : '; no data has come yet'}.`,
      advice: 'Nothing is to be done.',
    };
    return [connected, ...quiet(connection, facts)];
  }
  if (status === 'needs_reauth') {
    const why = NEEDS_REAUTH[statusReason ?? ''] ?? 'for a reason that is not known';
    const tick = statusReason === 'missing_scopes' ? ', and to leave the permissions ticked' : '';
    const summary = `${provider} gives no data since ${since}: ${why}.`;
    return [{ code: `needs_reauth_${statusReason}`, summary, advice: `${capital(reconnect)}${tick}.` }];
  }
  if (status === 'disconnecting') return [disconnecting(connection, facts)];
  if (status === 'moved') {
    return [
      {
        code: 'moved',
        summary: `The ${provider} account was connected anew at ${since} under another of your end users.`,
        advice:
          'Find out whether two references stand for one person, or whether somebody used the wrong login. Whoever ' +
          'should have it connects it again.',
      },
    ];
  }
  const summary = `${provider} was disconnected at ${since}, ${DISCONNECTED[statusReason ?? ''] ?? 'for a reason that is not known'}.`;
  const advice = `If it should be connected, ${reconnect}.`;
  return [{ code: `disconnected_${statusReason}`, summary, advice }];
}

function quiet({ provider, lastDataAt }: Connection, { now, quietAfterHours }: DiagnosisInput): Conclusion[] {
  const hours = lastDataAt ? Math.floor((now.getTime() - lastDataAt.getTime()) / HOUR_MS) : 0;
  if (!lastDataAt || quietAfterHours === 0 || hours < quietAfterHours) return [];
  return [
    {
      code: 'quiet_since',
      summary: `${provider} counts as connected, but no data has come since ${lastDataAt.toISOString()} (${hours} hours).`,
      advice:
        "Ask whether the device is worn and the provider's app has synced; then POST " +
        '/v1/end-users/:referenceId/reconcile to compare with Terra.',
    },
  ];
}

function disconnecting({ id, provider, statusAt }: Connection, facts: DiagnosisInput): Conclusion {
  const call = facts.deauthentications.find(({ connectionId }) => connectionId === id);
  const attempts = call
    ? `${call.attempts} attempts, the last one ended with ${call.lastOutcome ?? 'nothing yet'}; the next is due at ${call.nextAttemptAt.toISOString()}`
    : 'no call is pending';
  return {
    code: 'disconnecting_waits_for_terra',
    summary: `The end of ${provider} was asked for at ${(call?.requestedAt ?? statusAt).toISOString()}, and Terra has not confirmed it (${attempts}).`,
    advice:
      'It counts as ended here, and the call is repeated until Terra confirms. If that takes more than a day, look at ' +
      "the last outcome and at Terra's status page.",
  };
}
