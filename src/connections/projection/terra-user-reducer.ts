import { compareFacts, type Fact, type FactCause } from './connection-fact';

/** An end user at a provider: everything that is computed together. */
export interface ConnectionKey {
  referenceId: string;
  provider: string;
}

interface Since<Cause extends string = string> {
  at: Date;
  cause: Cause;
}

/** What the facts about one Terra user come to, without the facts about others. */
export interface TerraUserState {
  terraUserId: string;
  /** The end user that owns it, and its provider; null until a fact names both. */
  key: ConnectionKey | null;
  firstSeen: Since<FactCause>;
  /** null while no fact links it. */
  linkedAt: Date | null;
  ended: Since<FactCause> | null;
  failing: Since<'connection_error' | 'inactive' | 'missing_scopes'> | null;
  scopes: { names: string[]; at: Date } | null;
  disconnectRequestedAt: Date | null;
}

/**
 * Reduces the facts about one Terra user, in any order.
 *
 * @param facts the facts that concern it, and the swaps that replaced it
 */
export function reduceTerraUser(terraUserId: string, facts: Fact[]): TerraUserState {
  const sorted = [...facts].sort(compareFacts);
  const [first] = sorted;
  if (!first) throw new Error('A Terra user without a fact cannot be reduced.');
  const concerning = sorted.filter((fact) => fact.terraUserId === terraUserId);
  const swapsAway = sorted.filter((fact) => fact.oldTerraUserId === terraUserId);
  const key = keyOf(concerning.filter(isLink), swapsAway);
  // Another end user's claim says nothing true about it.
  const own = concerning.filter(
    ({ referenceId }) => referenceId === null || key === null || referenceId === key.referenceId,
  );
  const links = own.filter(isLink);
  const { scopes, withdrawnAt } = scopesOf(own);
  return {
    terraUserId,
    key,
    firstSeen: { at: first.occurredAt, cause: first.cause },
    linkedAt: links[0]?.occurredAt ?? null,
    ended: endOf(own, links),
    failing: failureOf(own) ?? (withdrawnAt && { at: withdrawnAt, cause: 'missing_scopes' }),
    scopes,
    disconnectRequestedAt: own.findLast(({ kind }) => kind === 'disconnect_requested')?.occurredAt ?? null,
  };
}

function isLink({ kind }: Fact): boolean {
  return kind === 'linked' || kind === 'swapped';
}

// The earliest fact with a reference decides the owner; later claims never change it, or a claim would be enough to take
// an account. Without such a fact the owner is that of the Terra user it replaced. A Terra user that is known only as the
// old one of a swap has the owner that the swap names.
function keyOf(links: Fact[], swapsAway: Fact[]): ConnectionKey | null {
  const claims = links.flatMap(({ referenceId, provider }) =>
    referenceId === null || provider === null ? [] : { referenceId, provider },
  );
  const inherited = links.flatMap(({ oldReferenceId, provider }) =>
    oldReferenceId === null || provider === null ? [] : { referenceId: oldReferenceId, provider },
  );
  const [key] = [
    ...claims,
    ...inherited,
    ...swapsAway.flatMap(({ oldReferenceId, referenceId, provider }) => {
      const reference = oldReferenceId ?? referenceId;
      return reference === null || provider === null ? [] : { referenceId: reference, provider };
    }),
  ];
  return key ?? null;
}

// A reported end is final. An end concluded from lists (`absent`) is withdrawn when Terra names the user again.
function endOf(own: Fact[], links: Fact[]): TerraUserState['ended'] {
  const ends = own.filter(({ kind, cause, occurredAt }) => {
    if (kind !== 'ended') return false;
    return cause !== 'absent' || !links.some((link) => link.occurredAt > occurredAt);
  });
  const [first] = ends;
  return first ? { at: first.occurredAt, cause: first.cause } : null;
}

// A pass through the widget proves that the provider accepts Terra again; a list that names the user does not.
const HEALTHY: readonly FactCause[] = ['auth', 'callback', 'user_reauth'];

function failureOf(own: Fact[]): TerraUserState['failing'] {
  const last = own.findLast(
    (fact) => fact.kind === 'failing' || fact.kind === 'recovered' || HEALTHY.includes(fact.cause),
  );
  if (last?.kind !== 'failing') return null;
  return { at: last.occurredAt, cause: last.cause === 'inactive' ? 'inactive' : 'connection_error' };
}

/** The granted scopes, and since when they are empty because the end user removed all of them. */
function scopesOf(own: Fact[]): { scopes: TerraUserState['scopes']; withdrawnAt: Date | null } {
  let scopes = null as TerraUserState['scopes'];
  let withdrawnAt = null as Date | null;
  for (const fact of own) {
    const { scopes: all, scopesAdded, scopesRemoved, occurredAt: at } = fact;
    if (all === null && scopesAdded.length + scopesRemoved.length === 0) continue;
    // `scopes` replaces what was known; the changes apply to the result.
    const kept = (all ?? scopes?.names ?? []).filter((scope) => !scopesRemoved.includes(scope));
    scopes = { names: [...new Set([...kept, ...scopesAdded])], at };
    if (scopes.names.length > 0) withdrawnAt = null;
    else if (scopesRemoved.length > 0) withdrawnAt = at;
  }
  return { scopes, withdrawnAt };
}
