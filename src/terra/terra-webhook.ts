import { toReferenceId, toTerraUser, type TerraUser } from './terra.types';
import { asRecord, listOfText, textOf } from './wire';

/** The events about a user's authentication. */
export const LINK_EVENT_TYPES = [
  'auth',
  'auth_cancelled',
  'deauth',
  'access_revoked',
  'user_reauth',
  'connection_error',
  'permission_change',
  'google_no_datasource',
] as const;

/** Health data and the progress of requests for it: none of our business beyond the acknowledgement. */
export const DATA_EVENT_TYPES = [
  'activity',
  'athlete',
  'body',
  'daily',
  'menstruation',
  'nutrition',
  'sleep',
  'planned_workout',
  'hormone',
  'health_observation',
  'lab_report.completed',
  'lab_report.failed',
] as const;

export const NOTICE_EVENT_TYPES = [
  'processing',
  'rate_limit_hit',
  'large_request_processing',
  'large_request_sending',
  'healthcheck',
  's3_payload',
] as const;

export const TERRA_EVENT_TYPES = [...LINK_EVENT_TYPES, ...DATA_EVENT_TYPES, ...NOTICE_EVENT_TYPES] as const;
export type TerraEventType = (typeof TERRA_EVENT_TYPES)[number];

/** Who an event is about, as far as Terra says it. */
export interface EventOwner {
  /** null when the event names no reference. */
  referenceId: string | null;
  /** True when the event names two different references: then neither may be believed. */
  contradictory: boolean;
}

/** An event in our words. `type` is null for types that nobody has told us of. */
export interface TerraEvent {
  type: TerraEventType | null;
  /** The type as it was sent; not to be used as a metric label. */
  sentType: string;
  status: string | null;
  user: TerraUser | null;
  oldUser: TerraUser | null;
  newUser: TerraUser | null;
  owner: EventOwner;
  reason: string | null;
  widgetSessionId: string | null;
  /** The provider's own id of the account; in athlete events. */
  accountId: string | null;
  scopesAdded: string[];
  scopesRemoved: string[];
  /** As it was sent. */
  wire: Record<string, unknown>;
}

const MAX_REASON_LENGTH = 200;

/**
 * Reads a webhook's body.
 *
 * @returns null when it is not a JSON object with a `type`
 */
export function parseTerraEvent(rawBody: Buffer): TerraEvent | null {
  let body: Record<string, unknown>;
  try {
    body = asRecord(JSON.parse(rawBody.toString('utf8')));
  } catch {
    return null;
  }
  const sentType = textOf(body.type);
  if (!sentType) return null;
  const user = toTerraUser(body.user);
  return {
    type: (TERRA_EVENT_TYPES as readonly string[]).includes(sentType) ? (sentType as TerraEventType) : null,
    sentType,
    status: textOf(body.status),
    user,
    oldUser: toTerraUser(body.old_user),
    newUser: toTerraUser(body.new_user),
    owner: readOwner(asRecord(body.user).reference_id, body.reference_id),
    reason: (textOf(body.reason) ?? textOf(body.message))?.slice(0, MAX_REASON_LENGTH) ?? null,
    widgetSessionId: textOf(body.widget_session_id),
    accountId: readAccountId(body.athlete),
    scopesAdded: listOfText(body.scopes_added),
    scopesRemoved: listOfText(body.scopes_removed),
    wire: body,
  };
}

// Documents put the reference inside `user`, at the top level, or in both.
function readOwner(inUser: unknown, atTop: unknown): EventOwner {
  const [first, second] = [toReferenceId(inUser), toReferenceId(atTop)];
  return {
    referenceId: first ?? second,
    contradictory: first !== null && second !== null && first !== second,
  };
}

// Terra's help center names `provider_user_id`; its athlete model does not, so another form may come.
function readAccountId(athlete: unknown): string | null {
  const id = asRecord(athlete).provider_user_id;
  return textOf(typeof id === 'number' ? String(id) : id)?.slice(0, MAX_REASON_LENGTH) ?? null;
}

/** Health data is what Terra says it is, and what it has not told us of yet. */
export function mayHoldHealthData(type: TerraEventType | null): boolean {
  return type === null || (DATA_EVENT_TYPES as readonly string[]).includes(type);
}

const ENVELOPE_MEMBERS = ['user', 'old_user', 'new_user'];

/** What remains of such an event once it is worked off: who and what kind, without the measurements. */
export function envelopeOf({ wire }: TerraEvent): Buffer {
  const kept = Object.entries(wire).filter(
    ([name, value]) => ENVELOPE_MEMBERS.includes(name) || typeof value !== 'object',
  );
  return Buffer.from(JSON.stringify({ ...Object.fromEntries(kept), data: 'not kept' }));
}
