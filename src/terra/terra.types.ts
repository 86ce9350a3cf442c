import { describeReferenceIdProblem } from '../common';
import { asList, asRecord, listOfText, textOf } from './wire';

/** One provider account at Terra. Connecting it again gives a new `terraUserId`. */
export interface TerraUser {
  /** A UUID today, opaque text to us. */
  terraUserId: string;
  /** Upper case, e.g. `GARMIN`. */
  provider: string;
  referenceId: string | null;
  /** null when the answer does not say. */
  scopes: string[] | null;
  /** `false` is a fact, `true` is not proof of health. */
  active: boolean | null;
}

export interface WidgetSessionRequest {
  referenceId: string;
  providers: string[];
  language: string | null;
  showDisconnect: boolean;
  multiAuth: boolean;
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

/** An entry of the account's provider catalogue. */
export interface TerraProvider {
  provider: string;
  name: string;
  icon: string | null;
  types: string[];
}

/** Reads Terra's user object; only `user_id` and `provider` are always there. */
export function toTerraUser(wire: unknown): TerraUser | null {
  const user = asRecord(wire);
  const terraUserId = textOf(user.user_id);
  const provider = textOf(user.provider);
  if (!terraUserId || !provider) return null;
  return {
    terraUserId,
    provider: provider.toUpperCase(),
    referenceId: toReferenceId(user.reference_id),
    scopes: user.scopes === null || user.scopes === undefined ? null : listOfText(user.scopes),
    active: typeof user.active === 'boolean' ? user.active : null,
  };
}

/** A reference that we could have given out; anything else, such as the text "null", is none. */
export function toReferenceId(wire: unknown): string | null {
  return describeReferenceIdProblem(wire) === null ? (wire as string) : null;
}

/** `/userInfo` has been described as a bare array, as `{users}` and as `{user}`. */
export function toTerraUsers(body: unknown): TerraUser[] {
  const { users, user } = asRecord(body);
  const list = Array.isArray(body)
    ? (body as unknown[])
    : Array.isArray(users)
      ? asList(users)
      : asList([user]);
  return list.map(toTerraUser).filter((found) => found !== null);
}

/** Reads an entry of the catalogue; null for one that is switched off. */
export function toTerraProvider(wire: unknown): TerraProvider | null {
  const entry = asRecord(wire);
  const provider = textOf(entry.provider)?.toUpperCase();
  if (!provider || entry.enabled === false) return null;
  const types = Object.entries(asRecord(entry.types)).filter(([, offered]) => offered === true);
  return {
    provider,
    name: textOf(entry.name) ?? provider,
    icon: textOf(entry.icon),
    types: types.map(([type]) => type).sort(),
  };
}
