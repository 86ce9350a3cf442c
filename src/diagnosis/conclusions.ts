import type { WebhookEventSummary } from '../webhooks';
import { concludeConnection } from './connection-conclusions';
import type { Conclusion, DiagnosedConnection, DiagnosisInput } from './diagnosis-input';
import { concludeEvents } from './event-conclusions';
import { concludeNewestSession } from './session-conclusions';
import { concludeTerra } from './terra-conclusions';

export interface Conclusions {
  /** Whether at least one account is connected and no conclusion needs attention. */
  healthy: boolean;
  /** The first is the reading: the cause, and what to do. The others add to it and do not contradict it. */
  conclusions: Conclusion[];
}

const HOUR_MS = 3_600_000;
const WEBHOOKS_EXPECTED_HOURS = 24;
/** The largest number of conclusions: an end user may have a thousand accounts. */
const MAX_CONCLUSIONS = 50;

/** The codes by importance, the most important first. A code with `…` stands for all codes with this beginning. */
const IMPORTANCE = [
  ...['erased', 'wrong_credentials', 'webhook_dead_lettered', 'webhook_parked', 'moved'],
  ...['sweep_awaits_adoption', 'only_at_terra', 'missing_at_terra', 'needs_reauth_…'],
  'disconnecting_waits_for_terra',
  ...['user_cap_reached', 'failed_…', 'callback_unconfirmed', 'quiet_since'],
  ...['deliveries_fail', 'endpoint_disabled'],
  ...['no_webhooks_at_all', 'terra_unreachable', 'unknown_end_user', 'connected'],
  ...['at_widget', 'not_opened', 'cancelled_by_end_user', 'session_expired', 'disconnected_…', 'never_asked'],
  ...['terra_list_incomplete', 'terra_not_asked'],
];
/** The codes that need no attention while an account is connected: another link is the end user's own affair. */
const HARMLESS_IF_CONNECTED = [
  ...['connected', 'disconnected_…', 'at_widget', 'not_opened', 'cancelled_by_end_user', 'session_expired'],
  ...['terra_list_incomplete', 'terra_not_asked'],
];
/** A code → the codes that it explains, which would be a second and contrary reading. */
const EXPLAINS: Record<string, string[]> = {
  only_at_terra: [
    ...['at_widget', 'not_opened', 'cancelled_by_end_user', 'session_expired', 'callback_unconfirmed'],
    ...['user_cap_reached', 'failed_…', 'never_asked', 'unknown_end_user'],
  ],
  sweep_awaits_adoption: ['only_at_terra'],
  unknown_end_user: ['terra_not_asked'],
  wrong_credentials: ['failed_terra_bad_credentials'],
  failed_terra_unavailable: ['terra_unreachable'],
  failed_terra_timeout: ['terra_unreachable'],
};

/** Concludes why an end user is not connected, and what to do. A pure function of its input. */
export function conclude(input: DiagnosisInput): Conclusions {
  if (input.erasedAt) return { healthy: false, conclusions: [erased(input.erasedAt)] };
  const found = [
    ...current(input.connections).flatMap(({ connection }) => concludeConnection(connection, input)),
    ...concludeNewestSession(input),
    ...concludeWebhooks(input.webhooks),
    ...concludeTerra(input),
    ...concludeInbox(input),
    ...concludeEvents(input),
  ];
  const isKnown = input.connections.length + input.sessions.length + input.webhooks.length > 0;
  if (!isKnown) found.push(concludeUnknown(input));
  const explained = new Set(found.flatMap(({ code }) => EXPLAINS[code] ?? []));
  const conclusions = found
    .filter(({ code }) => !explained.has(code) && !explained.has(familyOf(code)))
    .sort((a, b) => rankOf(a.code) - rankOf(b.code));
  const healthy =
    conclusions.some(({ code }) => code === 'connected') &&
    conclusions.every(({ code }) => HARMLESS_IF_CONNECTED.includes(familyOf(code)));
  return { healthy, conclusions: conclusions.slice(0, MAX_CONCLUSIONS) };
}

/** The connections without those that ended before a later one of the same provider: these are the past. */
function current(newestFirst: DiagnosedConnection[]): DiagnosedConnection[] {
  const seen = new Set<string>();
  return newestFirst.filter(({ connection: { provider, status } }) => {
    const isPast = seen.has(provider) && (status === 'disconnected' || status === 'moved');
    seen.add(provider);
    return !isPast;
  });
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

function concludeUnknown({ terra }: DiagnosisInput): Conclusion {
  const spelling =
    'heck the spelling of the reference id: it is case-sensitive, and must be the one that your application gave to ' +
    'POST /v1/connect-sessions.';
  const stored = 'nothing is stored about this reference id: no session, no connection, no webhook';
  const code = 'unknown_end_user';
  if (terra.answered) {
    const summary = `N${stored.slice(1)}. Terra lists no account under it, either.`;
    return { code, summary, advice: `C${spelling}` };
  }
  return {
    code,
    summary: `N${stored.slice(1)}. Without Terra's answer, an account whose webhook was lost looks like this, too.`,
    advice:
      terra.cause === 'not_asked'
        ? `Set TERRA_DEV_ID and TERRA_API_KEY and run this again, so that Terra is asked. Also c${spelling}`
        : `Try again when Terra answers. Also c${spelling}`,
  };
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

function concludeInbox(input: DiagnosisInput): Conclusion[] {
  const { lastWebhookAt, now, webhookPath } = input;
  if (!expectsWebhooks(input)) return [];
  const hours = lastWebhookAt ? (now.getTime() - lastWebhookAt.getTime()) / HOUR_MS : Infinity;
  if (hours < WEBHOOKS_EXPECTED_HOURS) return [];
  const since = lastWebhookAt ? `since ${lastWebhookAt.toISOString()}` : 'so far';
  return [
    {
      code: 'no_webhooks_at_all',
      summary: `This service has stored no webhook about any end user ${since}.`,
      advice:
        `An operator must check that Terra's destination points to ${webhookPath} of this service, and that ` +
        'TERRA_SIGNING_SECRETS has its signing secret: webhook.signature_refused in the log means that it does not. Terra ' +
        'disables a destination that fails for 24 hours: enable it again, and let Terra resend the events.',
    },
  ];
}

/** A link that the end user has not used causes no webhook. */
function expectsWebhooks({ connections, sessions, terra }: DiagnosisInput): boolean {
  const cameBack = sessions.some(({ returnSpentAt }) => returnSpentAt !== null);
  return connections.length > 0 || cameBack || (terra.answered && terra.users.length > 0);
}
