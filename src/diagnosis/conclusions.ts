import type { WebhookEventSummary } from '../webhooks';
import { ofConnection } from './connection-conclusions';
import { ofNewestSession } from './session-conclusions';
import type { Conclusion, DiagnosisInput } from './diagnosis-input';

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
  ...['erased', 'unknown_end_user', 'wrong_credentials', 'webhook_dead_lettered', 'webhook_parked', 'moved'],
  ...['terra_has_user_we_do_not', 'we_have_user_terra_does_not', 'needs_reauth_…'],
  ...['disconnecting_waits_for_terra', 'cancelled_by_end_user', 'failed_…', 'came_back_unconfirmed'],
  ...['session_expired', 'at_widget', 'not_opened', 'disconnected_…', 'quiet_since', 'never_asked'],
  ...['no_webhooks_at_all', 'terra_unreachable', 'connected'],
];
/** They tell of the past, or that all is well. */
const HARMLESS = ['connected', 'disconnected_…'];

/** Why is this person not connected, and what to do? Decides by what it is given, and by nothing else. */
export function conclude(facts: DiagnosisInput): Conclusions {
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

function ofNobody({ terra }: DiagnosisInput): Conclusion[] {
  if (terra.answered && terra.users.length > 0) return [];
  return [
    {
      code: 'unknown_end_user',
      summary: 'Nothing is held about this reference: no session, no connection, no webhook.',
      advice:
        'Check the spelling of the reference id: it is case-sensitive, and must be the one that your application ' +
        'gave to POST /v1/connect-sessions.',
    },
  ];
}

function ofWebhooks(webhooks: WebhookEventSummary[]): Conclusion[] {
  const dead = webhooks.filter(({ status }) => status === 'dead_lettered');
  const parked = webhooks.filter(({ status }) => status === 'parked');
  return [
    ...dead.slice(0, 1).map((event) => ({
      code: 'webhook_dead_lettered',
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

function ofTerra({ terra, connections }: DiagnosisInput): Conclusion[] {
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

function ofInbox({ lastWebhookAt, now, sessions, connections }: DiagnosisInput): Conclusion[] {
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
