import { sha256 } from '../../common';

/**
 * What can be known about a Terra user.
 *
 * - `linked` it is an account of this end user
 * - `swapped` it took the place of another Terra user of the same account
 * - `scopes` what the person has agreed to
 * - `failing`, `recovered` the provider refuses Terra; Terra has had data since
 * - `disconnect_requested` somebody asked us to end it
 * - `ended` it is no more
 */
export const FACT_KINDS = [
  'linked',
  'swapped',
  'scopes',
  'failing',
  'recovered',
  'disconnect_requested',
  'ended',
] as const;
export type FactKind = (typeof FACT_KINDS)[number];

/** Who brought the news. */
export const FACT_SOURCES = ['webhook', 'callback', 'reconcile', 'sweep', 'api'] as const;
export type FactSource = (typeof FACT_SOURCES)[number];

/** Whose doing it was. */
export const FACT_ORIGINS = ['end_user', 'provider', 'terra', 'us'] as const;
export type FactOrigin = (typeof FACT_ORIGINS)[number];

/** By what it came about, with whose doing that is. */
export const ORIGIN_OF_CAUSE = {
  auth: 'end_user',
  callback: 'end_user',
  user_reauth: 'end_user',
  /** Through a session that was made to reconnect it. */
  reconnect: 'end_user',
  permission_change: 'end_user',
  access_revoked: 'end_user',
  connection_error: 'provider',
  /** Terra's lists had it, and we had not heard of it. */
  found: 'terra',
  /** Terra's lists name other scopes than we knew. */
  scopes_seen: 'terra',
  inactive: 'terra',
  recovered: 'terra',
  deauth: 'terra',
  /** Twice missing from Terra's lists. */
  absent: 'terra',
  disconnect_requested: 'us',
  disconnected_by_us: 'us',
} as const satisfies Record<string, FactOrigin>;
export type FactCause = keyof typeof ORIGIN_OF_CAUSE;
export const FACT_CAUSES = Object.keys(ORIGIN_OF_CAUSE) as FactCause[];

/** A fact as somebody brings it. What is left out is not known. */
export interface NewFact {
  terraUserId: string;
  kind: FactKind;
  cause: FactCause;
  source: FactSource;
  /** When it happened by Terra's word, in milliseconds; orders facts, whenever they arrive. */
  occurredAt: Date;
  referenceId?: string | null;
  provider?: string | null;
  /** Of `swapped`: whose place was taken; null when Terra does not say. */
  oldTerraUserId?: string | null;
  oldReferenceId?: string | null;
  /** All that the person agrees to now; null when the news does not name it. */
  scopes?: string[] | null;
  scopesAdded?: string[];
  scopesRemoved?: string[];
  /** Who asked, for what we do ourselves: an API key's id, `cli`, … */
  actor?: string | null;
  reason?: string | null;
  /** The webhook event, session or sweep that brought it. */
  sourceId?: string | null;
}

/** A fact as it is kept. `key` is the same for the same fact, however often and by whichever delivery it comes. */
export type Fact = Required<NewFact> & { id: string; key: string; recordedAt: Date };

/** Two deliveries of one piece of news give one key: who brought it, and when, is no part of it. */
export function factKey(fact: NewFact): Buffer {
  return sha256(
    JSON.stringify([
      fact.terraUserId,
      fact.kind,
      fact.cause,
      fact.occurredAt.getTime(),
      fact.referenceId ?? null,
      fact.provider ?? null,
      fact.oldTerraUserId ?? null,
      fact.oldReferenceId ?? null,
      fact.scopes ?? null,
      fact.scopesAdded ?? [],
      fact.scopesRemoved ?? [],
    ]),
  );
}

// Of what happens in one instant, the beginning comes before the end. The key decides what nothing else does, so that
// the order never depends on who came first.
const RANK = Object.fromEntries(FACT_KINDS.map((kind, rank) => [kind, rank])) as Record<FactKind, number>;

export function compareFacts(a: Fact, b: Fact): number {
  return (
    a.occurredAt.getTime() - b.occurredAt.getTime() ||
    RANK[a.kind] - RANK[b.kind] ||
    (a.key < b.key ? -1 : Number(a.key > b.key))
  );
}
