import { sha256 } from '../../common';

/**
 * What can be known about a Terra user.
 *
 * - `linked` it is an account of this end user
 * - `swapped` it replaced another Terra user of the same account
 * - `scopes` the permissions that the end user grants
 * - `failing` the provider refuses Terra; `recovered` Terra has received data since
 * - `disconnect_requested` a caller or the service asked for its end
 * - `ended` Terra no longer holds it
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

/** Through which channel a fact reached the service. */
export const FACT_SOURCES = ['webhook', 'callback', 'reconcile', 'sweep', 'api'] as const;
export type FactSource = (typeof FACT_SOURCES)[number];

/** Who caused a fact. */
export const FACT_ORIGINS = ['end_user', 'provider', 'terra', 'us'] as const;
export type FactOrigin = (typeof FACT_ORIGINS)[number];

/** The cause of a fact → who caused it. */
export const ORIGIN_OF_CAUSE = {
  auth: 'end_user',
  callback: 'end_user',
  user_reauth: 'end_user',
  /** A session with `connectionId` led to it. */
  reconnect: 'end_user',
  permission_change: 'end_user',
  access_revoked: 'end_user',
  connection_error: 'provider',
  /** Terra lists a user that the service did not know. */
  found: 'terra',
  /** Terra lists other scopes than the service knew. */
  scopes_seen: 'terra',
  inactive: 'terra',
  recovered: 'terra',
  deauth: 'terra',
  /** Missing from Terra's lists twice. */
  absent: 'terra',
  disconnect_requested: 'us',
  disconnected_by_us: 'us',
} as const satisfies Record<string, FactOrigin>;
export type FactCause = keyof typeof ORIGIN_OF_CAUSE;
export const FACT_CAUSES = Object.keys(ORIGIN_OF_CAUSE) as FactCause[];

/** A fact as its source reports it. A field that is left out is unknown. */
export interface NewFact {
  terraUserId: string;
  kind: FactKind;
  cause: FactCause;
  source: FactSource;
  /** When Terra says it happened, to the millisecond; facts are ordered by this, not by arrival. */
  occurredAt: Date;
  referenceId?: string | null;
  provider?: string | null;
  /** Of `swapped`: the replaced Terra user; null when Terra does not name it. */
  oldTerraUserId?: string | null;
  oldReferenceId?: string | null;
  /** All scopes that the end user grants now; null when the event does not name them. */
  scopes?: string[] | null;
  scopesAdded?: string[];
  scopesRemoved?: string[];
  /** Who asked, for what the service itself did: an API key's id, `cli`, … */
  actor?: string | null;
  reason?: string | null;
  /** The webhook event, session or sweep that reported it. */
  sourceId?: string | null;
}

/** A stored fact. `key` is the same for the same fact, however often and in whichever delivery it arrives. */
export type Fact = Required<NewFact> & { id: string; key: string; recordedAt: Date };

/** Two deliveries of one event give one key: source, actor and time of arrival are not part of it. */
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

// Among facts of one instant the beginning comes before the end. The key breaks the remaining ties, so that the order
// never depends on arrival.
const RANK = Object.fromEntries(FACT_KINDS.map((kind, rank) => [kind, rank])) as Record<FactKind, number>;

/** Orders facts by when they occurred. */
export function compareFacts(a: Fact, b: Fact): number {
  return (
    a.occurredAt.getTime() - b.occurredAt.getTime() ||
    RANK[a.kind] - RANK[b.kind] ||
    (a.key < b.key ? -1 : Number(a.key > b.key))
  );
}
