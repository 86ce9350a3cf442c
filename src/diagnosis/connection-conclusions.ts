import { OPEN_STATUSES } from '../connect-sessions';
import type { Connection, StatusReason } from '../connections';
import { capitalized, type Conclusion, type DiagnosisInput } from './diagnosis-input';

const HOUR_MS = 3_600_000;

/** What each reason means, as the end of a sentence. A new reason does not compile without a text. */
const REASON_TEXTS: Record<StatusReason, string> = {
  connection_error: 'the provider rejects Terra, for example after a change of the password',
  inactive: 'Terra no longer collects data',
  missing_scopes: 'the end user has withdrawn every permission',
  provider_retired: 'Terra no longer offers this provider',
  disconnect_requested: 'you requested it, or its successor is connected',
  deauth: "by Terra, or by the end user in Terra's widget",
  access_revoked: 'by the end user, in the settings of the provider',
  disconnected_by_us: 'because you requested it, or its successor is connected',
  absent: 'because two checks missed it at Terra',
  moved: 'another end user connected the account',
};

/**
 * The conclusion about one connection, by its status; none if Terra does not know an account that counts as connected, which
 * `concludeTerra` reports.
 */
export function concludeConnection(connection: Connection, input: DiagnosisInput): Conclusion[] {
  const { provider, status, statusReason, statusAt } = connection;
  const since = statusAt.toISOString();
  const reason = statusReason === null ? 'for an unknown reason' : REASON_TEXTS[statusReason];
  const reconnect = adviceToReconnect(connection, input);
  switch (status) {
    case 'active':
      if (input.terra.answered && input.terra.missing.includes(connection.terraUserId)) return [];
      return [quiet(connection, input) ?? connected(connection)];
    case 'needs_reauth': {
      if (statusReason === 'provider_retired') return [retired(connection, input)];
      const permissions = statusReason === 'missing_scopes' ? ', and to allow the permissions' : '';
      const summary = `${provider} has sent no data since ${since}: ${reason}.`;
      const advice = `${capitalized(reconnect)}${permissions}.`;
      return [{ code: `needs_reauth_${statusReason}`, summary, advice }];
    }
    case 'disconnecting':
      return [disconnecting(connection, input)];
    case 'moved':
      return [
        {
          code: 'moved',
          summary: `The ${provider} account was connected under another of your end users at ${since}.`,
          advice:
            'Find out whether both references are the same human, or whether an end user logged in with the wrong ' +
            'account. Ask the end user who owns the account to reconnect it.',
        },
      ];
    case 'disconnected': {
      const summary = `${provider} was disconnected at ${since}, ${reason}.`;
      const advice = `If it should be connected, ${reconnect}.`;
      return [{ code: `disconnected_${statusReason}`, summary, advice }];
    }
  }
}

/** A link that the end user already has is better than a second one. */
function adviceToReconnect({ id, provider }: Connection, { sessions }: DiagnosisInput): string {
  const open = sessions[0];
  const offers = open && (open.providers.length === 0 || open.providers.includes(provider));
  return open && offers && OPEN_STATUSES.includes(open.status)
    ? `ask the end user to finish the session ${open.id}, which is open until ${open.expiresAt.toISOString()}`
    : `ask the end user to reconnect: POST /v1/connect-sessions with connectionId ${id}`;
}

function connected({ provider, connectedAt, lastDataAt }: Connection): Conclusion {
  const data = lastDataAt
    ? `the last data arrived at ${lastDataAt.toISOString()}`
    : 'no data has arrived yet';
  return {
    code: 'connected',
    summary: `${provider} has been connected since ${connectedAt.toISOString()}; ${data}.`,
    advice: 'Nothing needs to be done for this account.',
  };
}

function retired({ id, provider, statusAt }: Connection, { successors }: DiagnosisInput): Conclusion {
  const successor = successors[provider];
  return {
    code: 'needs_reauth_provider_retired',
    summary: `Terra no longer offers ${provider} (since ${statusAt.toISOString()}), so it sends no data of this connection.`,
    advice: successor
      ? `Ask the end user to connect ${successor}, which succeeds ${provider}: POST /v1/connect-sessions with ` +
        `connectionId ${id} and providers ["${successor}"]. The old connection then ends by itself.`
      : `No successor of ${provider} is known. Offer another provider, or name the successor in PROVIDER_SUCCESSORS. If ` +
        `${provider} should be offered, enable it on the Terra dashboard under Sources.`,
  };
}

function quiet(
  { provider, lastDataAt }: Connection,
  { now, quietAfterHours }: DiagnosisInput,
): Conclusion | null {
  const hours = lastDataAt ? Math.floor((now.getTime() - lastDataAt.getTime()) / HOUR_MS) : 0;
  if (!lastDataAt || quietAfterHours === 0 || hours < quietAfterHours) return null;
  return {
    code: 'quiet_since',
    summary: `${provider} counts as connected, but no data has arrived since ${lastDataAt.toISOString()} (${hours} hours).`,
    advice:
      "Ask whether the end user wears the device and the provider's app has synced. Then call POST " +
      '/v1/end-users/:referenceId/reconcile to compare with Terra.',
  };
}

function disconnecting({ id, provider, statusAt }: Connection, input: DiagnosisInput): Conclusion {
  const request = input.pendingDeauthentications.find(({ connectionId }) => connectionId === id);
  const attempts = request
    ? `${request.attempts} attempts, the last outcome is ${request.lastOutcome ?? 'not known yet'}, the next attempt is due at ${request.nextAttemptAt.toISOString()}`
    : 'no call is pending';
  return {
    code: 'disconnecting_waits_for_terra',
    summary: `The disconnect of ${provider} was requested at ${(request?.requestedAt ?? statusAt).toISOString()}, and Terra has not confirmed it (${attempts}).`,
    advice:
      'The connection counts as ended, and the service calls Terra until Terra confirms. If that takes more than a day, ' +
      "look at the last outcome and at Terra's status page.",
  };
}
