import type { WebhookEventSummary } from '../webhooks';
import { concludeConnection } from './connection-conclusions';
import type { Conclusion, DiagnosisInput } from './diagnosis-input';
import { concludeNewestSession } from './session-conclusions';

export interface Conclusions {
  /** Whether at least one account is connected and no conclusion needs attention. */
  healthy: boolean;
  conclusions: Conclusion[];
}

const HOUR_MS = 3_600_000;
const WEBHOOKS_EXPECTED_HOURS = 24;
const BAD_CREDENTIALS = 'terra.bad_credentials';

/** The codes by importance, the most important first. A code with `…` stands for all codes with this beginning. */
const IMPORTANCE = [
  ...['erased', 'unknown_end_user', 'wrong_credentials', 'webhook_dead_lettered', 'webhook_parked', 'moved'],
  ...['only_at_terra', 'missing_at_terra', 'needs_reauth_…'],
  ...['disconnecting_waits_for_terra', 'cancelled_by_end_user', 'failed_…', 'callback_unconfirmed'],
  ...['session_expired', 'at_widget', 'not_opened', 'disconnected_…', 'quiet_since', 'never_asked'],
  ...['no_webhooks_at_all', 'terra_unreachable', 'connected'],
];
/** The codes that need no attention: they are about the past, or report success. */
const HARMLESS = ['connected', 'disconnected_…'];

/** Concludes why an end user is not connected, and what to do. A pure function of its input. */
export function conclude(input: DiagnosisInput): Conclusions {
  if (input.erasedAt) return { healthy: false, conclusions: [erased(input.erasedAt)] };
  const found = [
    ...input.connections.flatMap(({ connection }) => concludeConnection(connection, input)),
    ...concludeNewestSession(input),
    ...concludeWebhooks(input.webhooks),
    ...concludeTerra(input),
    ...concludeInbox(input),
  ];
  const isKnown = input.connections.length + input.sessions.length + input.webhooks.length > 0;
  if (!isKnown) found.push(...concludeUnknown(input));
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
    summary: `This end user was erased at ${at.toISOString()}. Nothing else is stored.`,
    advice: 'Nothing needs to be done. If the end user wants to come back, create a new connect session.',
  };
}

function concludeUnknown({ terra }: DiagnosisInput): Conclusion[] {
  if (terra.answered && terra.users.length > 0) return [];
  return [
    {
      code: 'unknown_end_user',
      summary: 'Nothing is stored about this reference id: no session, no connection, no webhook.',
      advice:
        'Check the spelling of the reference id: it is case-sensitive, and must be the one that your application ' +
        'gave to POST /v1/connect-sessions.',
    },
  ];
}

function concludeWebhooks(webhooks: WebhookEventSummary[]): Conclusion[] {
  const deadLettered = webhooks.filter(({ status }) => status === 'dead_lettered');
  const parked = webhooks.filter(({ status }) => status === 'parked');
  return [
    ...deadLettered.slice(0, 1).map((event) => ({
      code: 'webhook_dead_lettered',
      summary: `${countOf(deadLettered)} about this end user could not be processed; the newest is ${nameOf(event)}.`,
      advice: `Fix the cause, then: terra-connect webhook-events replay ${event.id}.`,
    })),
    ...parked.slice(0, 1).map((event) => ({
      code: 'webhook_parked',
      summary: `${countOf(parked)} about this end user had no effect yet; the newest is ${nameOf(event)}.`,
      advice:
        'An event that waits for the owner of its Terra user is applied when the owner is known: POST ' +
        '/v1/end-users/:referenceId/reconcile may find the owner. An event that names two references, or a Terra user of ' +
        'another of your end users, needs an operator.',
    })),
  ];
}

function countOf(events: unknown[]): string {
  return events.length === 1 ? '1 webhook' : `${events.length} webhooks`;
}

function nameOf({ type, receivedAt, note }: WebhookEventSummary): string {
  return `${type ?? 'of an unknown type'} of ${receivedAt.toISOString()} (${note ?? 'no note'})`;
}

function concludeTerra({ terra, connections }: DiagnosisInput): Conclusion[] {
  if (!terra.answered) return concludeNoAnswer(terra.cause);
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
      code: 'only_at_terra',
      summary: `Terra lists a ${provider} user for this end user (${terraUserId}) that the service does not know: its webhook was lost or has not arrived yet.`,
      advice: `${reconcile} connects the account.`,
    })),
    ...missing.map(({ connection: { terraUserId, provider } }) => ({
      code: 'missing_at_terra',
      summary: `${provider} (${terraUserId}) counts as connected, but Terra does not list it for this end user.`,
      advice: `Call ${reconcile}. The service ends the connection only if two checks miss it at Terra.`,
    })),
  ];
}

function concludeNoAnswer(cause: string): Conclusion[] {
  if (cause === 'not_asked') return [];
  if (cause === BAD_CREDENTIALS) {
    return [
      {
        code: 'wrong_credentials',
        summary: 'Terra rejects the credentials of this service, so no end user can connect.',
        advice:
          'An operator must check that TERRA_DEV_ID and TERRA_API_KEY are right and belong to the same Terra environment.',
      },
    ];
  }
  const summary = `Terra did not answer which Terra users this end user has (${cause}).`;
  const advice =
    "This diagnosis uses only the records of the service. Look at Terra's status page, and try again later.";
  return [{ code: 'terra_unreachable', summary, advice }];
}

function concludeInbox({
  lastWebhookAt,
  now,
  sessions,
  connections,
  webhookPath,
}: DiagnosisInput): Conclusion[] {
  // Without a session or a connection, the service expects no webhook.
  if (sessions.length + connections.length === 0) return [];
  const hours = lastWebhookAt ? (now.getTime() - lastWebhookAt.getTime()) / HOUR_MS : Infinity;
  if (hours < WEBHOOKS_EXPECTED_HOURS) return [];
  const since = lastWebhookAt ? `since ${lastWebhookAt.toISOString()}` : 'so far';
  return [
    {
      code: 'no_webhooks_at_all',
      summary: `This service has stored no webhook about any end user ${since}.`,
      advice:
        `An operator must check that Terra's destination points to ${webhookPath} of this service, and that ` +
        'TERRA_SIGNING_SECRETS has its signing secret: webhook.signature_refused in the log means that it does not.',
    },
  ];
}
