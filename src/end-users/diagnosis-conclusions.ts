import type { ConnectSession } from '../connect-sessions';
import type { Connection } from '../connections';
import type { WebhookEventSummary } from '../webhooks';
import type { DiagnosisFacts } from './diagnosis-facts';

export interface Conclusion {
  /** One of the fixed words, or `failed_…`, `needs_reauth_…`, `disconnected_…` with the reason. */
  code: string;
  summary: string;
  advice: string;
}

export interface Conclusions {
  /** Something is connected, and nothing needs anybody. */
  healthy: boolean;
  conclusions: Conclusion[];
}

const HOUR_MS = 3_600_000;
const WEBHOOKS_EXPECTED_HOURS = 24;
const BAD_CREDENTIALS = 'terra.bad_credentials';

/** What stands first matters most; a name with `…` is a family. */
const IMPORTANCE = [
  ...['erased', 'unknown_person', 'wrong_credentials', 'webhook_dead', 'webhook_parked', 'moved'],
  ...['terra_has_user_we_do_not', 'we_have_user_terra_does_not', 'needs_reauth_…'],
  ...['disconnecting_waits_for_terra', 'cancelled_by_person', 'failed_…', 'came_back_unconfirmed'],
  ...['session_expired', 'at_widget', 'not_opened', 'disconnected_…', 'quiet_since', 'never_asked'],
  ...['no_webhooks_at_all', 'terra_unreachable', 'connected'],
];
/** They tell of the past, or that all is well. */
const HARMLESS = ['connected', 'disconnected_…'];

/** Why is this person not connected, and what to do? Decides by what it is given, and by nothing else. */
export function conclude(facts: DiagnosisFacts): Conclusions {
  if (facts.erasedAt) return { healthy: false, conclusions: [erased(facts.erasedAt)] };
  const found = [
    ...facts.connections.flatMap(({ connection }) => ofConnection(connection, facts)),
    ...ofNewestSession(facts),
    ...ofWebhooks(facts.webhooks),
    ...ofTerra(facts),
    ...ofInbox(facts),
  ];
  const isKnown = facts.connections.length + facts.sessions.length + facts.webhooks.length > 0;
  if (!isKnown) found.push(...ofNobody(facts));
  const conclusions = found.sort((a, b) => rankOf(a.code) - rankOf(b.code));
  const healthy =
    conclusions.some(({ code }) => code === 'connected') &&
    conclusions.every(({ code }) => HARMLESS.includes(familyOf(code)));
  return { healthy, conclusions };
}

function familyOf(code: string): string {
  return IMPORTANCE.find((name) => name.endsWith('…') && code.startsWith(name.slice(0, -1))) ?? code;
}

function rankOf(code: string): number {
  return IMPORTANCE.indexOf(familyOf(code));
}

function erased(at: Date): Conclusion {
  return {
    code: 'erased',
    summary: `This end user was erased at ${at.toISOString()}. Nothing else is kept.`,
    advice: 'Nothing is to be done. If the person wants to come back, make a new connect session.',
  };
}

function ofNobody({ terra }: DiagnosisFacts): Conclusion[] {
  if (terra.answered && terra.users.length > 0) return [];
  return [
    {
      code: 'unknown_person',
      summary: 'Nothing is held about this reference: no session, no connection, no webhook.',
      advice:
        'Check the spelling of the reference id: it is case-sensitive, and must be the one that your application ' +
        'gave to POST /v1/connect-sessions.',
    },
  ];
}

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

function ofConnection(connection: Connection, facts: DiagnosisFacts): Conclusion[] {
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

function quiet({ provider, lastDataAt }: Connection, { now, quietAfterHours }: DiagnosisFacts): Conclusion[] {
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

function disconnecting({ id, provider, statusAt }: Connection, facts: DiagnosisFacts): Conclusion {
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

/** Of the last attempt, unless a connection came after it. */
function ofNewestSession({ sessions, connections, webhooks }: DiagnosisFacts): Conclusion[] {
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
    return { code: 'cancelled_by_person', summary, advice: `If that was a mistake, ${AGAIN}.` };
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

function ofWebhooks(webhooks: WebhookEventSummary[]): Conclusion[] {
  const dead = webhooks.filter(({ status }) => status === 'dead');
  const parked = webhooks.filter(({ status }) => status === 'parked');
  return [
    ...dead.slice(0, 1).map((event) => ({
      code: 'webhook_dead',
      summary: `${countOf(dead)} about this person failed every attempt; the newest is ${nameOf(event)}.`,
      advice: `When the cause is mended: terra-connect webhook-events replay ${event.id}.`,
    })),
    ...parked.slice(0, 1).map((event) => ({
      code: 'webhook_parked',
      summary: `${countOf(parked)} about this person changed nothing yet; the newest is ${nameOf(event)}.`,
      advice:
        'One that waits for its owner is applied by itself when that is known: POST ' +
        '/v1/end-users/:referenceId/reconcile may find it. One that names two references, or whose Terra user belongs ' +
        'to another of your end users, has to be looked at by a person.',
    })),
  ];
}

function countOf(events: unknown[]): string {
  return events.length === 1 ? '1 webhook' : `${events.length} webhooks`;
}

function nameOf({ type, receivedAt, note }: WebhookEventSummary): string {
  return `${type ?? 'of an unknown type'} of ${receivedAt.toISOString()} (${note ?? 'no note'})`;
}

function ofTerra({ terra, connections }: DiagnosisFacts): Conclusion[] {
  if (!terra.answered) return ofSilence(terra.cause);
  const ours = new Set(connections.flatMap(({ identities }) => identities.map((one) => one.terraUserId)));
  const theirs = new Set(terra.users.map(({ terraUserId }) => terraUserId));
  const unknown = terra.users.filter(({ terraUserId }) => !ours.has(terraUserId));
  const missing = connections.filter(
    ({ connection: { status, terraUserId } }) =>
      (status === 'active' || status === 'needs_reauth') && !theirs.has(terraUserId),
  );
  const reconcile = 'POST /v1/end-users/:referenceId/reconcile (or terra-connect reconcile <referenceId>)';
  return [
    ...unknown.map(({ terraUserId, provider }) => ({
      code: 'terra_has_user_we_do_not',
      summary: `Terra holds a ${provider} account of this person (${terraUserId}) that is not connected here: its webhook was lost, or is still on its way.`,
      advice: `${reconcile} connects it.`,
    })),
    ...missing.map(({ connection: { terraUserId, provider } }) => ({
      code: 'we_have_user_terra_does_not',
      summary: `${provider} (${terraUserId}) counts as connected here, and Terra does not list it for this person.`,
      advice: `${reconcile}; it is taken for gone only when Terra lacks it twice. One answer is no proof.`,
    })),
  ];
}

function ofSilence(cause: string): Conclusion[] {
  if (cause === 'not_asked') return [];
  if (cause === BAD_CREDENTIALS) {
    return [
      {
        code: 'wrong_credentials',
        summary: 'Terra does not accept the credentials of this service: nobody can connect anything.',
        advice:
          'An operator checks that TERRA_DEV_ID and TERRA_API_KEY are right and of the same Terra environment.',
      },
    ];
  }
  const summary = `Terra did not say what it holds of this person (${cause}).`;
  const advice = "What is said here goes by our own records. Try again later; look at Terra's status page.";
  return [{ code: 'terra_unreachable', summary, advice }];
}

function ofInbox({ lastWebhookAt, now, sessions, connections }: DiagnosisFacts): Conclusion[] {
  // Where nobody has been sent to Terra, no webhook is missed.
  if (sessions.length + connections.length === 0) return [];
  const hours = lastWebhookAt ? (now.getTime() - lastWebhookAt.getTime()) / HOUR_MS : Infinity;
  if (hours < WEBHOOKS_EXPECTED_HOURS) return [];
  const since = lastWebhookAt ? `since ${lastWebhookAt.toISOString()}` : 'ever';
  return [
    {
      code: 'no_webhooks_at_all',
      summary: `This service has stored no webhook ${since}, about nobody.`,
      advice:
        "An operator checks that Terra's destination points to /webhooks/terra of this service, and that " +
        'TERRA_SIGNING_SECRETS holds its signing secret: webhook.signature_refused in the log means that it does not.',
    },
  ];
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
