import { compareFacts, type Fact, type FactCause } from './connection-fact';

export interface ConnectionKey {
  referenceId: string;
  provider: string;
}

interface Since<Cause extends string = string> {
  at: Date;
  cause: Cause;
}

/** What the facts about one Terra user come to, by themselves. */
export interface TerraUserState {
  terraUserId: string;
  /** null until a fact names both. */
  owner: ConnectionKey | null;
  firstSeen: Since<FactCause>;
  /** null for one of whom we have heard only other things so far. */
  linkedAt: Date | null;
  ended: Since<FactCause> | null;
  failing: Since<'connection_error' | 'inactive' | 'missing_scopes'> | null;
  scopes: { names: string[]; at: Date } | null;
  disconnectRequestedAt: Date | null;
}

/**
 * Reads the facts about one Terra user, in any order.
 *
 * @param facts those in which it is the Terra user, and those in which it is the old one of a swap
 */
export function reduceTerraUser(terraUserId: string, facts: Fact[]): TerraUserState {
  const sorted = [...facts].sort(compareFacts);
  const [first] = sorted;
  if (!first) throw new Error('An identity without any fact is none.');
  const told = sorted.filter((fact) => fact.terraUserId === terraUserId);
  const swapsAway = sorted.filter((fact) => fact.oldTerraUserId === terraUserId);
  const owner = ownerOf(told.filter(isLink), swapsAway);
  // Somebody else's claim says nothing true about it.
  const own = told.filter(
    ({ referenceId }) => referenceId === null || owner === null || referenceId === owner.referenceId,
  );
  const links = own.filter(isLink);
  const { scopes, strippedAt } = agreementOf(own);
  return {
    terraUserId,
    owner,
    firstSeen: { at: first.occurredAt, cause: first.cause },
    linkedAt: links[0]?.occurredAt ?? null,
    ended: endOf(own, links),
    failing: refusalOf(own) ?? (strippedAt && { at: strippedAt, cause: 'missing_scopes' }),
    scopes,
    disconnectRequestedAt: own.findLast(({ kind }) => kind === 'disconnect_requested')?.occurredAt ?? null,
  };
}

function isLink({ kind }: Fact): boolean {
  return kind === 'linked' || kind === 'swapped';
}

// The earliest news owns a Terra user for good: whoever claims it later must not get it by claiming. One that no news
// gives an owner has the one of whose place it took; one that we know only as the old user of a swap, whom the swap says.
function ownerOf(links: Fact[], swapsAway: Fact[]): ConnectionKey | null {
  const claims = links.flatMap(({ referenceId, provider }) =>
    referenceId === null || provider === null ? [] : { referenceId, provider },
  );
  const inherited = links.flatMap(({ oldReferenceId, provider }) =>
    oldReferenceId === null || provider === null ? [] : { referenceId: oldReferenceId, provider },
  );
  const [owner] = [
    ...claims,
    ...inherited,
    ...swapsAway.flatMap(({ oldReferenceId, referenceId, provider }) => {
      const reference = oldReferenceId ?? referenceId;
      return reference === null || provider === null ? [] : { referenceId: reference, provider };
    }),
  ];
  return owner ?? null;
}

// An end that we were told of is final. One that we concluded from lists is not, if Terra names the user again.
function endOf(own: Fact[], links: Fact[]): TerraUserState['ended'] {
  const ends = own.filter(({ kind, cause, occurredAt }) => {
    if (kind !== 'ended') return false;
    return cause !== 'absent' || !links.some((link) => link.occurredAt > occurredAt);
  });
  const [first] = ends;
  return first ? { at: first.occurredAt, cause: first.cause } : null;
}

// That the person came through the widget again is health; that a list names them is not.
const HEALTHY: readonly FactCause[] = ['auth', 'callback', 'user_reauth'];

function refusalOf(own: Fact[]): TerraUserState['failing'] {
  const last = own.findLast(
    (fact) => fact.kind === 'failing' || fact.kind === 'recovered' || HEALTHY.includes(fact.cause),
  );
  if (last?.kind !== 'failing') return null;
  return { at: last.occurredAt, cause: last.cause === 'inactive' ? 'inactive' : 'connection_error' };
}

/** What the person agrees to, and since when it is nothing because they took it all away. */
function agreementOf(own: Fact[]): { scopes: TerraUserState['scopes']; strippedAt: Date | null } {
  let scopes = null as TerraUserState['scopes'];
  let strippedAt = null as Date | null;
  for (const fact of own) {
    const { scopes: all, scopesAdded, scopesRemoved, occurredAt: at } = fact;
    if (all === null && scopesAdded.length + scopesRemoved.length === 0) continue;
    // `scopes` is all of them, if the news says so; the changes apply on top.
    const kept = (all ?? scopes?.names ?? []).filter((scope) => !scopesRemoved.includes(scope));
    scopes = { names: [...new Set([...kept, ...scopesAdded])], at };
    if (scopes.names.length > 0) strippedAt = null;
    else if (scopesRemoved.length > 0) strippedAt = at;
  }
  return { scopes, strippedAt };
}
