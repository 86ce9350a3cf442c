import { sha256 } from '../../common';

/**
 * The kinds of facts about a Terra user.
 *
 * - `linked`: the Terra user belongs to this end user
 * - `swapped`: the Terra user replaced another one of the same account
 * - `scopes`: these are the permissions that the end user grants
 * - `failing`: the provider rejects Terra, has ended, or Terra no longer collects data; `recovered`: that is over
 * - `disconnect_requested`: a caller or the service requested the end of the Terra user
 * - `ended`: Terra no longer has the Terra user
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

/** The channels through which facts reach the service. */
export const FACT_SOURCES = ['webhook', 'callback', 'reconcile', 'sweep', 'api', 'catalogue'] as const;
export type FactSource = (typeof FACT_SOURCES)[number];

/** Who can cause a fact. */
export const FACT_ORIGINS = ['end_user', 'provider', 'terra', 'us'] as const;
export type FactOrigin = (typeof FACT_ORIGINS)[number];

/** The cause of a fact → who caused it. */
export const ORIGIN_OF_CAUSE = {
  auth: 'end_user',
  callback: 'end_user',
  user_reauth: 'end_user',
  /** The end user reconnected in a session with `connectionId`. */
  reconnect: 'end_user',
  /** Terra no longer has the old Terra user, and has a new one of the same end user and provider. */
  replaced: 'terra',
  permission_change: 'end_user',
  access_revoked: 'end_user',
  connection_error: 'provider',
  /** Two of Terra's catalogues in a row lacked the provider. */
  provider_retired: 'provider',
  /** A later catalogue has the provider again. */
  provider_returned: 'provider',
  /** Terra lists a user that the service did not know. */
  found: 'terra',
  /** Terra lists other scopes than those that the service knew. */
  scopes_seen: 'terra',
  inactive: 'terra',
  /** Terra's list calls a user active again that was `inactive`. It proves nothing about a `connection_error`. */
  resumed: 'terra',
  recovered: 'terra',
  deauth: 'terra',
  /** Two of Terra's lists lacked the Terra user. */
  absent: 'terra',
  /** An operator accepted the end user that Terra names for the Terra user. It decides the owner. */
  owner_accepted: 'us',
  disconnect_requested: 'us',
  /** A connection at another provider succeeds the connection. */
  succeeded: 'us',
  disconnected_by_us: 'us',
} as const satisfies Record<string, FactOrigin>;
export type FactCause = keyof typeof ORIGIN_OF_CAUSE;
export const FACT_CAUSES = Object.keys(ORIGIN_OF_CAUSE) as FactCause[];

/** A fact as its source reports it. An omitted field is unknown. */
export interface NewFact {
  terraUserId: string;
  kind: FactKind;
  cause: FactCause;
  source: FactSource;
  /** When Terra says it happened, to the millisecond; facts are ordered by this, not by arrival. */
  occurredAt: Date;
  referenceId?: string | null;
  provider?: string | null;
  /** For `swapped`: the replaced Terra user; null when Terra does not name it. */
  oldTerraUserId?: string | null;
  oldReferenceId?: string | null;
  /** All scopes that the end user grants now; null when the source does not name them. */
  scopes?: string[] | null;
  scopesAdded?: string[];
  scopesRemoved?: string[];
  /** For actions of the service: who requested them, as the id of an API key or a part of the service such as `cli`. */
  actor?: string | null;
  reason?: string | null;
  /** The id of the webhook event, session, sweep or deauthentication request that reported the fact. */
  sourceId?: string | null;
}

/** A change of one scope in a digest: the scope, when it occurred in milliseconds, the start of the fact's key, and whether it was added. */
export type ScopeMark = [scope: string, ms: number, key: string, isAdded: boolean];

/** A stored fact. `key` is the same for every delivery of the same fact. */
export type Fact = Required<NewFact> & {
  id: string;
  key: string;
  recordedAt: Date;
  /** The changes of earlier facts with the same reference, which the service need not read any more. */
  scopeDigest?: ScopeMark[] | null;
};

/** Returns the same key for every delivery of one event: source, actor and time of arrival are not part of the key. */
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

// At equal times, a link comes before an end. For equal kinds the key decides, so that the order never depends on
// arrival.
const RANK = Object.fromEntries(FACT_KINDS.map((kind, rank) => [kind, rank])) as Record<FactKind, number>;

/** Orders facts by when they occurred. */
export function compareFacts(
  a: Pick<Fact, 'occurredAt' | 'kind' | 'key'>,
  b: Pick<Fact, 'occurredAt' | 'kind' | 'key'>,
): number {
  return (
    a.occurredAt.getTime() - b.occurredAt.getTime() ||
    RANK[a.kind] - RANK[b.kind] ||
    (a.key < b.key ? -1 : Number(a.key > b.key))
  );
}
