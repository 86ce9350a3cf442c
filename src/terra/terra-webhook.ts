import { decodeUtf8, toStorable } from '../common';
import {
  toNamedTerraUser,
  toReferenceId,
  toTerraUser,
  toTerraUserId,
  type NamedTerraUser,
  type TerraUser,
} from './terra.types';
import { asRecord, listOfText, textOf } from './wire';

/** Events about the authentication of a user. */
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

/** Events with health data or about requests for it. The service acknowledges them and keeps only their envelope. */
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

const NOTICE_EVENT_TYPES = [
  'processing',
  'rate_limit_hit',
  'large_request_processing',
  'large_request_sending',
  'healthcheck',
  's3_payload',
] as const;

const TERRA_EVENT_TYPES = [...LINK_EVENT_TYPES, ...DATA_EVENT_TYPES, ...NOTICE_EVENT_TYPES] as const;
export type TerraEventType = (typeof TERRA_EVENT_TYPES)[number];

/** The reference id that an event names. */
interface EventOwner {
  /** null when the event names no reference. */
  referenceId: string | null;
  /** True when the event names two different references. The service then trusts neither. */
  contradictory: boolean;
}

/** A parsed event. `type` is null for an unknown type. */
export interface TerraEvent {
  type: TerraEventType | null;
  /** The type as Terra sent it. It may be any text, so it must not become a metric label. */
  sentType: string;
  status: string | null;
  /**
   * The id of the Terra user that the event is about: inside `user`, or beside `type`, where pointers to data have it; null:
   * the event names none. It is enough to end a connection; a user whose provider is missing has no `user`.
   */
  terraUserId: string | null;
  user: TerraUser | null;
  oldUser: NamedTerraUser | null;
  newUser: TerraUser | null;
  owner: EventOwner;
  reason: string | null;
  widgetSessionId: string | null;
  /** The provider's own id of the account, from athlete events. */
  accountId: string | null;
  scopesAdded: string[];
  scopesRemoved: string[];
  /** The body as Terra sent it. */
  wire: Record<string, unknown>;
}

const MAX_REASON_LENGTH = 200;
const MAX_ACCOUNT_ID_LENGTH = 200;

/**
 * Parses the body of a webhook.
 *
 * @returns null when the body is not UTF-8, or not a JSON object with a `type`
 */
export function parseTerraEvent(rawBody: Buffer): TerraEvent | null {
  const text = decodeUtf8(rawBody);
  if (text === null) return null;
  let body: Record<string, unknown>;
  try {
    body = asRecord(JSON.parse(text));
  } catch {
    return null;
  }
  const sentType = textOf(body.type);
  if (!sentType) return null;
  return {
    type: (TERRA_EVENT_TYPES as readonly string[]).includes(sentType) ? (sentType as TerraEventType) : null,
    sentType,
    status: textOf(body.status),
    terraUserId: toTerraUserId(asRecord(body.user).user_id) ?? toTerraUserId(body.user_id),
    user: toTerraUser(body.user),
    oldUser: toNamedTerraUser(body.old_user),
    newUser: toTerraUser(body.new_user),
    owner: readOwner(asRecord(body.user).reference_id, body.reference_id),
    reason: toReason(textOf(body.reason) ?? textOf(body.message)),
    widgetSessionId: textOf(body.widget_session_id),
    accountId: readAccountId(body.athlete),
    scopesAdded: listOfText(body.scopes_added),
    scopesRemoved: listOfText(body.scopes_removed),
    wire: body,
  };
}

function toReason(text: string | null): string | null {
  return text && toStorable(text, MAX_REASON_LENGTH);
}

// Terra's documentation shows the reference inside `user`, at the top level, or in both.
function readOwner(inUser: unknown, atTop: unknown): EventOwner {
  const [first, second] = [toReferenceId(inUser), toReferenceId(atTop)];
  return {
    referenceId: first ?? second,
    contradictory: first !== null && second !== null && first !== second,
  };
}

// Terra's help center documents `provider_user_id`, its athlete model does not. So the id may also be a number.
function readAccountId(athlete: unknown): string | null {
  const id = asRecord(athlete).provider_user_id;
  const text = textOf(typeof id === 'number' ? String(id) : id);
  return text && toStorable(text, MAX_ACCOUNT_ID_LENGTH);
}

/** Whether an event of this type may contain health data. An event of an unknown type may. */
export function mayHoldHealthData(type: TerraEventType | null): boolean {
  return type === null || (DATA_EVENT_TYPES as readonly string[]).includes(type);
}

const NOT_KEPT = 'not kept';

/** Whether the body is an envelope, because the service has processed the event before. */
export function isEnvelope({ wire }: TerraEvent): boolean {
  return wire.data === NOT_KEPT;
}

const USER_MEMBERS = ['user', 'old_user', 'new_user'];

/**
 * The part of a health data event that stays after processing: its type and its users, without the measurements. It has
 * two levels, however deep the event is nested: JSON.stringify overflows the stack on a deep value.
 */
export function envelopeOf({ wire }: TerraEvent): Buffer {
  const users = USER_MEMBERS.flatMap((name) =>
    isObject(wire[name]) ? [[name, envelopeOfUser(wire[name])]] : [],
  );
  const envelope = { ...scalarsOf(wire), ...Object.fromEntries(users), data: NOT_KEPT } as object;
  return Buffer.from(JSON.stringify(envelope));
}

// Scopes are the only list of a user that the service reads.
function envelopeOfUser(user: Record<string, unknown>): Record<string, unknown> {
  const scopes = Array.isArray(user.scopes) ? { scopes: listOfText(user.scopes) } : {};
  return { ...scalarsOf(user), ...scopes };
}

// Longer than every id and every name. A longer text may hold measurements.
const MAX_SCALAR_LENGTH = 1_000;

function scalarsOf(value: Record<string, unknown>): Record<string, unknown> {
  const isScalar = (member: unknown): boolean =>
    typeof member === 'string'
      ? member.length <= MAX_SCALAR_LENGTH
      : typeof member !== 'object' || member === null;
  return Object.fromEntries(Object.entries(value).filter(([, member]) => isScalar(member)));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
