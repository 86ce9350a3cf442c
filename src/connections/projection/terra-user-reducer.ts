import { compareFacts, type Fact, type FactCause } from './connection-fact';
import type { ConnectionKey } from './connection-key';
import { scopeChangesOf } from './scope-changes';

interface Since<Cause extends string = string> {
  at: Date;
  cause: Cause;
}

/** The state of one Terra user, computed only from the facts about this user. */
export interface TerraUserState {
  terraUserId: string;
  /** The owner and the provider of the Terra user; null until a fact names both. */
  key: ConnectionKey | null;
  firstSeen: Since<FactCause>;
  /** When an operator last accepted the owner; null if the facts of others decide it. */
  ownerAcceptedAt: Date | null;
  /** null while no fact links the Terra user. */
  linkedAt: Date | null;
  ended: Since<FactCause> | null;
  failing: Since<'connection_error' | 'inactive' | 'missing_scopes' | 'provider_retired'> | null;
  scopes: { names: string[]; at: Date } | null;
  disconnectRequestedAt: Date | null;
}

/**
 * Reduces the facts about one Terra user, in any order.
 *
 * @param facts the facts about the Terra user, and the swaps that replaced it
 */
export function reduceTerraUser(terraUserId: string, facts: Fact[]): TerraUserState {
  const sorted = [...facts].sort(compareFacts);
  const [first] = sorted;
  if (!first) throw new Error('A Terra user without a fact cannot be reduced.');
  const concerning = sorted.filter((fact) => fact.terraUserId === terraUserId);
  const key = ownerOf(terraUserId, sorted);
  // A fact with the reference of another end user is only a claim and does not count.
  const own = concerning.filter(
    ({ referenceId }) => referenceId === null || key === null || referenceId === key.referenceId,
  );
  const links = own.filter(isLink);
  const { scopes, withdrawnAt } = scopesOf(own);
  const disconnectRequestedAt =
    own.findLast(({ kind }) => kind === 'disconnect_requested')?.occurredAt ?? null;
  return {
    terraUserId,
    key,
    firstSeen: { at: first.occurredAt, cause: first.cause },
    ownerAcceptedAt: links.findLast(({ cause }) => cause === 'owner_accepted')?.occurredAt ?? null,
    linkedAt: links[0]?.occurredAt ?? null,
    ended: endOf(own, links, disconnectRequestedAt !== null),
    failing: failureOf(own) ?? (withdrawnAt && { at: withdrawnAt, cause: 'missing_scopes' }),
    scopes,
    disconnectRequestedAt,
  };
}

/** The connection key of a Terra user, without the rest of its state. `facts` as for {@link reduceTerraUser}. */
export function ownerOf(terraUserId: string, facts: Fact[]): ConnectionKey | null {
  const links = facts.filter(isLink).sort(compareFacts);
  return keyOf(
    links.filter((fact) => fact.terraUserId === terraUserId),
    links.filter((fact) => fact.oldTerraUserId === terraUserId),
  );
}

export function isLink({ kind }: Fact): boolean {
  return kind === 'linked' || kind === 'swapped';
}

// The earliest fact with a reference decides the owner; later claims never change it. Otherwise a claim would be enough
// to take over an account. Only an operator can change the owner, so the last acceptance counts more. Without such facts, the owner of the replaced Terra user is the owner. If only a swap names
// the Terra user, as the old one, the swap names the owner.
function keyOf(links: Fact[], swapsAway: Fact[]): ConnectionKey | null {
  const claims = links.flatMap(claimOf);
  const inherited = links.flatMap(({ oldReferenceId, provider }) =>
    oldReferenceId === null || provider === null ? [] : { referenceId: oldReferenceId, provider },
  );
  const accepted = links.filter(({ cause }) => cause === 'owner_accepted').flatMap(claimOf);
  const [key] = [
    ...accepted.reverse(),
    ...claims,
    ...inherited,
    ...swapsAway.flatMap(({ oldReferenceId, referenceId, provider }) => {
      const reference = oldReferenceId ?? referenceId;
      return reference === null || provider === null ? [] : { referenceId: reference, provider };
    }),
  ];
  return key ?? null;
}

function claimOf({ referenceId, provider }: Fact): ConnectionKey[] {
  return referenceId === null || provider === null ? [] : [{ referenceId, provider }];
}

// A reported end is final. An end that the service concluded from lists (`absent`) no longer counts after a later link.
// Terra also reports an end that we requested as `deauth`, often before it answers our call. It counts as ours, so that
// data that still arrives, or a list that still names the Terra user, requests its end again (T-24).
function endOf(own: Fact[], links: Fact[], isRequested: boolean): TerraUserState['ended'] {
  const ends = own.filter(({ kind, cause, occurredAt }) => {
    if (kind !== 'ended') return false;
    return cause !== 'absent' || !links.some((link) => link.occurredAt > occurredAt);
  });
  const [first] = ends;
  if (!first) return null;
  const isOurs = isRequested && first.cause === 'deauth';
  return { at: first.occurredAt, cause: isOurs ? 'disconnected_by_us' : first.cause };
}

// With these causes the end user has passed the widget, so the provider accepts Terra again. A list does not prove
// that.
const HEALTHY: readonly FactCause[] = ['auth', 'callback', 'user_reauth'];

export function isHealthy({ cause }: Fact): boolean {
  return HEALTHY.includes(cause);
}

function failureOf(own: Fact[]): TerraUserState['failing'] {
  return retirementOf(own) ?? accountFailureOf(own.filter((fact) => !isCatalogue(fact)));
}

// What the catalogue says of the provider. Data does not undo it: Terra may send old data of an ended provider for a while.
const CATALOGUE: readonly FactCause[] = ['provider_retired', 'provider_returned'];

export function isCatalogue({ cause }: Fact): boolean {
  return CATALOGUE.includes(cause);
}

// The return of a provider repairs no account that failed by itself, so the two are separate.
function retirementOf(own: Fact[]): TerraUserState['failing'] {
  const last = own.findLast((fact) => isCatalogue(fact) || isHealthy(fact));
  return last?.cause === 'provider_retired' ? { at: last.occurredAt, cause: last.cause } : null;
}

// Inactivity ends when Terra's list says so, but an error of the provider does not, so the two are separate. The later
// one that lasts counts.
function accountFailureOf(own: Fact[]): TerraUserState['failing'] {
  let lasting: { at: Date; cause: 'connection_error' | 'inactive' }[] = [];
  for (const fact of own) {
    const { kind, cause, occurredAt: at } = fact;
    if (kind === 'failing') {
      const failure = cause === 'inactive' ? cause : 'connection_error';
      lasting = [...lasting.filter((other) => other.cause !== failure), { at, cause: failure }];
    } else if (cause === 'resumed') {
      lasting = lasting.filter((other) => other.cause !== 'inactive');
    } else if (kind === 'recovered' || isHealthy(fact)) lasting = [];
  }
  return lasting.at(-1) ?? null;
}

/** The granted scopes, and since when none is left because the end user withdrew them. */
function scopesOf(own: Fact[]): { scopes: TerraUserState['scopes']; withdrawnAt: Date | null } {
  const names = new Set<string>();
  let changedAt = null as Date | null;
  let withdrawnAt = null as Date | null;
  for (const { scopes: all, scopesAdded, scopesRemoved, occurredAt: at } of scopeChangesOf(own)) {
    // `scopes` replaces the known scopes. Then `scopesRemoved` and `scopesAdded` apply.
    if (all !== null) names.clear();
    for (const scope of all ?? []) names.add(scope);
    for (const scope of scopesRemoved) names.delete(scope);
    for (const scope of scopesAdded) names.add(scope);
    changedAt = at;
    if (names.size > 0) withdrawnAt = null;
    else if (scopesRemoved.length > 0) withdrawnAt = at;
  }
  return { scopes: changedAt && { names: [...names], at: changedAt }, withdrawnAt };
}
