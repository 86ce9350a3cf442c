import { describeReferenceIdProblem } from '../common';
import { canonicalProvider } from './provider-codes';
import { asList, asRecord, dateOf, listOfText, numberOf, textOf } from './wire';

/** Terra's record of one account. Each reconnect creates another one with a new `terraUserId`. */
export interface TerraUser {
  /** A UUID today. The service accepts any text. */
  terraUserId: string;
  /** The canonical code, in upper case, such as `GARMIN`; see `provider-codes.ts`. */
  provider: string;
  referenceId: string | null;
  /** null when Terra's answer names no scopes. */
  scopes: string[] | null;
  /** false: Terra no longer collects data. true does not prove that the provider accepts Terra. */
  active: boolean | null;
  /** When the end user connected the account; null when the answer does not say. */
  createdAt: Date | null;
  /** When Terra last sent data of this account; null when the answer does not say. */
  lastWebhookUpdate: Date | null;
}

/** A page of all users of this Terra account. */
export interface TerraUserPage {
  users: TerraUser[];
  /** Number of unreadable entries. Each may be any user, so no user counts as missing from a list with such a page. */
  unreadable: number;
  /** The number of the next page; null on the last page. */
  next: number | null;
}

export interface WidgetSessionRequest {
  referenceId: string;
  providers: string[];
  /** A BCP 47 tag. */
  language: string | null;
  showDisconnect: boolean;
  multiAuth: boolean;
  useTerraAvengersApp: boolean;
  appleAppUrl: string | null;
  samsungAppUrl: string | null;
  /** Terra users; Terra rejects the request if it does not know one of them. */
  connectedUids: string[];
  /** null: Terra decides. */
  bypassFeedback: boolean | null;
  successUrl: string;
  failureUrl: string;
}

export interface WidgetSession {
  terraSessionId: string | null;
  url: string;
  expiresInSeconds: number;
  warnings: string[];
  generation: 'current' | 'legacy';
}

export interface SdkToken {
  token: string;
  expiresInSeconds: number;
}

/** An entry of Terra's provider catalogue. */
export interface TerraProvider {
  /** The canonical code. */
  provider: string;
  /** The code that the catalogue uses, in upper case. Requests to Terra use it. */
  terraCode: string;
  name: string;
  icon: string | null;
  types: string[];
}

// A Postgres index rejects a text of several KB.
const MAX_ID_LENGTH = 200;

/** Reads Terra's JSON of a user; null without `user_id` and `provider`, the only fields that are always present. */
export function toTerraUser(wire: unknown): TerraUser | null {
  const user = asRecord(wire);
  const terraUserId = textOf(user.user_id);
  const provider = textOf(user.provider);
  if (!terraUserId || !provider) return null;
  if (terraUserId.length > MAX_ID_LENGTH || provider.length > MAX_ID_LENGTH) return null;
  return {
    terraUserId,
    provider: canonicalProvider(provider),
    referenceId: toReferenceId(user.reference_id),
    scopes: user.scopes === null || user.scopes === undefined ? null : listOfText(user.scopes),
    active: typeof user.active === 'boolean' ? user.active : null,
    createdAt: dateOf(user.created_at),
    lastWebhookUpdate: dateOf(user.last_webhook_update),
  };
}

/** A Terra user as far as an event names it: Terra may leave the provider out. */
export type NamedTerraUser = Pick<TerraUser, 'terraUserId' | 'referenceId'>;

/** Returns null when the id is missing. */
export function toNamedTerraUser(wire: unknown): NamedTerraUser | null {
  const user = asRecord(wire);
  const terraUserId = toTerraUserId(user.user_id);
  return terraUserId === null ? null : { terraUserId, referenceId: toReferenceId(user.reference_id) };
}

/** Reads the id of a Terra user that stands alone. */
export function toTerraUserId(wire: unknown): string | null {
  const id = textOf(wire);
  return id && id.length <= MAX_ID_LENGTH ? id : null;
}

/** Reads a reference id. A value that this service does not accept, such as the text "null", counts as none. */
export function toReferenceId(wire: unknown): string | null {
  return describeReferenceIdProblem(wire) === null ? (wire as string) : null;
}

/**
 * Reads the users of `/userInfo`, which Terra documents as a bare array, as `{users}` and as `{user}`. Returns null for
 * any other shape and for a list with an unreadable entry. The caller accepts an empty list as "Terra has no user", so an
 * unreadable answer must not become one.
 */
export function readTerraUsers(body: unknown): TerraUser[] | null {
  const users = listOfUsers(body)?.map(toTerraUser) ?? null;
  return users?.every((user) => user !== null) ? users : null;
}

function listOfUsers(body: unknown): unknown[] | null {
  if (Array.isArray(body)) return body as unknown[];
  const { users, user } = asRecord(body);
  if (Array.isArray(users)) return users as unknown[];
  if (user === undefined) return null;
  return user === null ? [] : [user];
}

/**
 * Reads a page of `/subscriptions`: flat since October 2026, inside `data` before. `max_page` is a count in one shape
 * and the last index in the other, so this uses only `next`, which must be a later page.
 *
 * @returns null for any other body. An empty page is valid: it has an empty list
 */
export function readTerraUserPage(body: unknown, page: number): TerraUserPage | null {
  const outer = asRecord(body);
  const { results, next } = Array.isArray(outer.results) ? outer : asRecord(outer.data);
  if (!Array.isArray(results)) return null;
  const following = next === null ? null : numberOf(next);
  const leadsForwards = following !== null && Number.isInteger(following) && following > page;
  if (next !== null && !leadsForwards) return null;
  const users = asList(results).map(toTerraUser);
  const readable = users.filter((user) => user !== null);
  return { users: readable, unreadable: users.length - readable.length, next: following };
}

/** Reads an entry of the catalogue; null for a disabled provider. */
export function toTerraProvider(wire: unknown): TerraProvider | null {
  const entry = asRecord(wire);
  const terraCode = textOf(entry.provider)?.toUpperCase();
  if (!terraCode || entry.enabled === false) return null;
  const provider = canonicalProvider(terraCode);
  const types = Object.entries(asRecord(entry.types)).filter(([, offered]) => offered === true);
  return {
    provider,
    terraCode,
    name: textOf(entry.name) ?? provider,
    icon: textOf(entry.icon),
    types: types.map(([type]) => type).sort(),
  };
}
