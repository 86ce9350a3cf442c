import { compareFacts, type Fact } from './connection-fact';
import type { ConnectionStatus, StatusReason } from '../connection-status';
import { reduceTerraUser, type TerraUserState, type ConnectionKey } from './terra-user-reducer';

// Terra ends the old user of a reconnect in the same breath; its end may be dated a little before the swap.
const SAME_BREATH_MS = 60_000;

export interface Succession {
  terraUserId: string;
  at: Date;
}

/** A Terra user that the connection has had. */
export interface MemberState extends TerraUserState {
  supersededBy: Succession | null;
}

/** One connection as the facts have it; whose id it has is not for facts to say. */
export interface ConnectionState {
  members: MemberState[];
  /** The Terra user that counts now. */
  terraUserId: string;
  status: ConnectionStatus;
  statusReason: StatusReason | null;
  statusAt: Date;
  scopes: string[];
  connectedAt: Date;
  disconnectedAt: Date | null;
}

/**
 * Computes the connections of one end user at one provider from all facts about their Terra users: the same set of facts
 * gives the same connections, whatever the order and number in which they came.
 *
 * @param unordered all facts about the Terra users of this owner, and about those that took their place elsewhere
 */
export function reduceConnections(owner: ConnectionKey, unordered: Fact[]): ConnectionState[] {
  const facts = unordered.toSorted(compareFacts);
  const identities = reduceTerraUsers(facts);
  const mine = [...identities.values()].filter((identity) => isSameKey(identity.owner, owner));
  const swaps = facts.filter(
    ({ kind, terraUserId, oldTerraUserId }) => kind === 'swapped' && terraUserId !== oldTerraUserId,
  );
  const movedAt = departuresOf(mine, identities, swaps);
  const successions = successionsOf(mine, swaps, movedAt);
  return familiesOf(mine, successions)
    .filter((members) => members.some(({ linkedAt }) => linkedAt !== null))
    .map((members) => stateOf(members, successions, movedAt));
}

/** Every Terra user that the facts are about, with what those facts come to. */
export function reduceTerraUsers(facts: Fact[]): Map<string, TerraUserState> {
  const byUser = new Map<string, Fact[]>();
  for (const fact of facts) {
    for (const id of new Set([fact.terraUserId, fact.oldTerraUserId])) {
      if (id === null) continue;
      const about = byUser.get(id);
      if (about) about.push(fact);
      else byUser.set(id, [fact]);
    }
  }
  return new Map([...byUser].map(([id, about]) => [id, reduceTerraUser(id, about)]));
}

export function isSameKey(a: ConnectionKey | null, b: ConnectionKey): boolean {
  return a?.referenceId === b.referenceId && a.provider === b.provider;
}

/** Who took whose place: old Terra user → its successor. */
function successionsOf(
  mine: TerraUserState[],
  swaps: Fact[],
  movedAt: Map<string, Date>,
): Map<string, Succession> {
  const byId = new Map(mine.map((identity) => [identity.terraUserId, identity]));
  const told = swaps.filter(
    ({ cause, terraUserId, referenceId }) =>
      // Somebody else's claim to a Terra user of this owner connects nobody.
      cause === 'user_reauth' && isCredible(referenceId, byId.get(terraUserId)),
  );
  const successions = new Map<string, Succession>();
  const predecessors = new Map<string, string>();
  const succeed = (old: string, { terraUserId, occurredAt: at }: Fact): void => {
    successions.set(old, { terraUserId, at });
    predecessors.set(terraUserId, old);
  };

  for (const swap of told) {
    const { terraUserId, oldTerraUserId: old } = swap;
    if (old === null || !byId.has(old) || !byId.has(terraUserId)) continue;
    // Two that took the same place are one account: the later of them took it from the earlier.
    const last = lastOf(old, successions);
    if (last !== terraUserId) succeed(successions.has(last) ? old : last, swap);
  }
  // Terra may leave the old user out. Who it was is plain only if a single one can have been; otherwise nobody is taken
  // for ended, and the reconciler asks.
  for (const swap of told) {
    const { terraUserId, oldTerraUserId, occurredAt } = swap;
    if (oldTerraUserId !== null || !byId.has(terraUserId) || predecessors.has(terraUserId)) continue;
    const [only, another] = mine.filter(
      (old) =>
        old.terraUserId !== terraUserId &&
        !successions.has(old.terraUserId) &&
        old.linkedAt !== null &&
        old.linkedAt < occurredAt &&
        !hasEndedBefore(old, occurredAt.getTime() - SAME_BREATH_MS),
    );
    if (only && !another) succeed(only.terraUserId, swap);
  }
  // A session that was made to reconnect it: its Terra user takes the place of one that has ended or moved away. While
  // the old one lives, and Terra tells of no swap, the person has connected another account.
  for (const swap of swaps.filter(({ cause }) => cause === 'reconnect')) {
    const { terraUserId, oldTerraUserId, occurredAt } = swap;
    const old = oldTerraUserId === null ? undefined : byId.get(oldTerraUserId);
    if (!old || !byId.has(terraUserId) || predecessors.has(terraUserId)) continue;
    const latest = occurredAt.getTime() + SAME_BREATH_MS;
    const goneAt = movedAt.get(old.terraUserId)?.getTime() ?? Infinity;
    // One that lists lack is gone since nobody knows when.
    const isFree = hasEndedBefore(old, latest) || old.ended?.cause === 'absent' || goneAt < latest;
    if (isFree && !successions.has(old.terraUserId)) succeed(old.terraUserId, swap);
  }
  return successions;
}

/** Who has come after a Terra user so far; itself, if nobody has. In a circle, the one before it closes. */
function lastOf(terraUserId: string, successions: Map<string, Succession>): string {
  const passed = new Set<string>();
  let last = terraUserId;
  for (
    let next = successions.get(last);
    next && !passed.has(next.terraUserId);
    next = successions.get(last)
  ) {
    passed.add(last);
    last = next.terraUserId;
  }
  return last;
}

function isCredible(referenceId: string | null, identity: TerraUserState | undefined): boolean {
  return referenceId === null || referenceId === identity?.owner?.referenceId;
}

function hasEndedBefore({ ended }: TerraUserState, ms: number): boolean {
  return ended !== null && ended.at.getTime() < ms;
}

/** Terra users whose account was connected anew under somebody else's reference. Never updated in place (T-16). */
function departuresOf(
  mine: TerraUserState[],
  identities: Map<string, TerraUserState>,
  swaps: Fact[],
): Map<string, Date> {
  const ids = new Map(mine.map(({ terraUserId, owner }) => [terraUserId, owner]));
  const departures = new Map<string, Date>();
  for (const { terraUserId, oldTerraUserId, occurredAt, cause } of swaps) {
    const from = oldTerraUserId === null ? undefined : ids.get(oldTerraUserId);
    const to = identities.get(terraUserId)?.owner;
    if (cause !== 'user_reauth' || oldTerraUserId === null || !from || !to) continue;
    if (to.referenceId !== from.referenceId && !departures.has(oldTerraUserId))
      departures.set(oldTerraUserId, occurredAt);
  }
  return departures;
}

/** Terra users that are one account: each with its successors. */
function familiesOf(mine: TerraUserState[], successions: Map<string, Succession>): MemberState[][] {
  const familyOf = new Map(mine.map((identity) => [identity.terraUserId, new Set([identity.terraUserId])]));
  for (const [old, { terraUserId }] of successions) {
    const [first, second] = [familyOf.get(old), familyOf.get(terraUserId)];
    if (!first || !second || first === second) continue;
    for (const id of second) familyOf.set(id, first.add(id));
  }
  return [...new Set(familyOf.values())].map((family) =>
    mine
      .filter(({ terraUserId }) => family.has(terraUserId))
      .map((identity) => ({ ...identity, supersededBy: successions.get(identity.terraUserId) ?? null })),
  );
}

function stateOf(
  members: MemberState[],
  successions: Map<string, Succession>,
  movedAt: Map<string, Date>,
): ConnectionState {
  const current = currentOf(members, successions);
  const linked = members.flatMap(({ linkedAt }) => linkedAt ?? []).sort(byTime);
  const connectedAt = linked[0] ?? current.firstSeen.at;
  const requestedAt = requestFor(current, members);
  const status = statusOf(current, movedAt.get(current.terraUserId), requestedAt) ?? {
    status: 'active',
    statusReason: null,
    statusAt: current.linkedAt ?? connectedAt,
  };
  const hasEnded = status.status === 'disconnected' || status.status === 'moved';
  return {
    members,
    terraUserId: current.terraUserId,
    ...status,
    scopes: scopesOf(current, members),
    connectedAt,
    disconnectedAt: hasEnded ? status.statusAt : null,
  };
}

type StatusPart = Pick<ConnectionState, 'status' | 'statusReason' | 'statusAt'>;

function statusOf(
  { ended, failing }: MemberState,
  movedAt: Date | undefined,
  requestedAt: Date | null,
): StatusPart | null {
  if (movedAt) return { status: 'moved', statusReason: 'moved', statusAt: movedAt };
  if (ended) {
    // Terra's own word of what we asked for comes as `deauth`, before or after its answer to us.
    const byUs = requestedAt !== null && ended.cause !== 'access_revoked';
    const statusReason = byUs ? 'disconnected_by_us' : (ended.cause as StatusReason);
    return { status: 'disconnected', statusReason, statusAt: ended.at };
  }
  if (requestedAt)
    return { status: 'disconnecting', statusReason: 'disconnect_requested', statusAt: requestedAt };
  return failing && { status: 'needs_reauth', statusReason: failing.cause, statusAt: failing.at };
}

// The one whose place nobody took. Several when two took the same place at once, none when swaps go in a circle.
function currentOf(members: MemberState[], successions: Map<string, Succession>): MemberState {
  const standing = members.filter(({ supersededBy }) => supersededBy === null);
  const latestSwap = Math.max(...members.map(({ supersededBy }) => supersededBy?.at.getTime() ?? 0));
  const byPrecedence = (standing.length > 0 ? standing : members).toSorted(
    (a, b) =>
      Number(a.ended !== null) - Number(b.ended !== null) ||
      Number(tookPlaceAt(b, successions) === latestSwap) -
        Number(tookPlaceAt(a, successions) === latestSwap) ||
      (b.linkedAt?.getTime() ?? 0) - (a.linkedAt?.getTime() ?? 0) ||
      (a.terraUserId < b.terraUserId ? -1 : 1),
  );
  return byPrecedence[0] as MemberState;
}

function tookPlaceAt({ terraUserId }: MemberState, successions: Map<string, Succession>): number {
  const taken = [...successions.values()].filter((succession) => succession.terraUserId === terraUserId);
  return Math.max(0, ...taken.map(({ at }) => at.getTime()));
}

// A request holds for the Terra user that it named, and for whoever had taken over by then without our knowing. One
// that was linked later was connected by a person who wants it again. Not by time alone: Terra's clock may be ahead. A
// request for one that had long ended is about that one only.
function requestFor(current: MemberState, members: MemberState[]): Date | null {
  const { linkedAt, disconnectRequestedAt: own } = current;
  if (own) return own;
  const others = members
    .filter(
      (member) => !hasEndedBefore(member, (member.disconnectRequestedAt?.getTime() ?? 0) - SAME_BREATH_MS),
    )
    .flatMap(({ disconnectRequestedAt }) => disconnectRequestedAt ?? [])
    .filter((at) => linkedAt === null || at >= linkedAt)
    .sort(byTime);
  return others.at(-1) ?? null;
}

// News of a reconnect that names no scopes is no news of them: those of before hold.
function scopesOf(current: MemberState, members: MemberState[]): string[] {
  if (current.scopes) return current.scopes.names;
  const known = members.flatMap(({ scopes }) => scopes ?? []);
  return known.sort((a, b) => byTime(a.at, b.at)).at(-1)?.names ?? [];
}

function byTime(a: Date, b: Date): number {
  return a.getTime() - b.getTime();
}
