import { LIVE_STATUSES, type ConnectionStatus, type StatusReason } from '../connection-status';
import { compareFacts, type Fact } from './connection-fact';
import { isSameKey, type ConnectionKey } from './connection-key';
import {
  accountsOf,
  departuresOf,
  endedLongBefore,
  lastReplacedAt,
  successionsOf,
  type Succession,
  type Successions,
} from './successions';
import { reduceTerraUser, type TerraUserState } from './terra-user-reducer';

/** A Terra user that the connection has or had. */
export interface MemberState extends TerraUserState {
  supersededBy: Succession | null;
}

/** One connection as the reducer computes it. It has no id, because facts do not contain our connection ids. */
export interface ConnectionState {
  members: MemberState[];
  /** The current Terra user. */
  terraUserId: string;
  status: ConnectionStatus;
  statusReason: StatusReason | null;
  statusAt: Date;
  scopes: string[];
  connectedAt: Date;
  disconnectedAt: Date | null;
}

/**
 * Computes the connections of one connection key from all facts about its Terra users. The same set of facts gives the
 * same connections, in whatever order and however often the facts arrived.
 *
 * @param unordered all facts about the Terra users of the key, and about those of other keys that replaced them
 */
export function reduceConnections(key: ConnectionKey, unordered: Fact[]): ConnectionState[] {
  const facts = unordered.toSorted(compareFacts);
  const all = reduceTerraUsers(facts);
  const mine = [...all.values()].filter((user) => isSameKey(user.key, key));
  const swaps = facts.filter(
    ({ kind, terraUserId, oldTerraUserId }) => kind === 'swapped' && terraUserId !== oldTerraUserId,
  );
  const movedAt = departuresOf(mine, all, swaps);
  const successions = successionsOf(mine, swaps);
  return accountsOf(mine, successions)
    .filter((account) => account.some(({ linkedAt }) => linkedAt !== null))
    .map((account) => stateOf(account, successions, movedAt));
}

/**
 * Whether a new connection may be the reconnect of another one of the same key, which Terra has not reported yet: both are
 * live. Then the service asks Terra before callers see the new one. Of two that are new together, the later may.
 *
 * @param isKnown whether callers can know the other connection already
 */
export function mayContinueAnother(
  state: ConnectionState,
  all: ConnectionState[],
  isKnown: (other: ConnectionState) => boolean,
): boolean {
  return (
    isLive(state) &&
    all.some((other) => other !== state && isLive(other) && (isKnown(other) || isEarlier(other, state)))
  );
}

function isLive({ status }: ConnectionState): boolean {
  return LIVE_STATUSES.includes(status);
}

function isEarlier(a: ConnectionState, b: ConnectionState): boolean {
  return (
    byTime(a.connectedAt, b.connectedAt) < 0 ||
    (+a.connectedAt === +b.connectedAt && a.terraUserId < b.terraUserId)
  );
}

/** Reduces the facts of every Terra user that they name. The result is by Terra user. */
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

function stateOf(
  account: TerraUserState[],
  successions: Successions,
  movedAt: Map<string, Date>,
): ConnectionState {
  const members = account.map((user) => ({
    ...user,
    supersededBy: successions.get(user.terraUserId) ?? null,
  }));
  const current = currentOf(members, successions);
  const linked = members.flatMap(({ linkedAt }) => linkedAt ?? []).sort(byTime);
  const connectedAt = linked[0] ?? current.firstSeen.at;
  const requestedAt = disconnectRequestFor(current, members);
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
    // Terra reports an end that we requested as `deauth`, before or after its answer to our call.
    const byUs = requestedAt !== null && ended.cause !== 'access_revoked';
    const statusReason = byUs ? 'disconnected_by_us' : (ended.cause as StatusReason);
    return { status: 'disconnected', statusReason, statusAt: ended.at };
  }
  if (requestedAt)
    return { status: 'disconnecting', statusReason: 'disconnect_requested', statusAt: requestedAt };
  return failing && { status: 'needs_reauth', statusReason: failing.cause, statusAt: failing.at };
}

// The current Terra user is the one that no other replaced. If two replaced the same one at once, several remain. If
// swaps form a circle, none remains. Then a Terra user that has not ended comes first, then the one of the latest swap,
// then the one that was linked last.
function currentOf(members: MemberState[], successions: Successions): MemberState {
  const notReplaced = members.filter(({ supersededBy }) => supersededBy === null);
  const latestSwap = Math.max(...members.map(({ supersededBy }) => supersededBy?.at.getTime() ?? 0));
  const tookLatestSwap = ({ terraUserId }: MemberState): boolean =>
    lastReplacedAt(terraUserId, successions) === latestSwap;
  const byPrecedence = (notReplaced.length > 0 ? notReplaced : members).toSorted(
    (a, b) =>
      Number(a.ended !== null) - Number(b.ended !== null) ||
      Number(tookLatestSwap(b)) - Number(tookLatestSwap(a)) ||
      (b.linkedAt?.getTime() ?? 0) - (a.linkedAt?.getTime() ?? 0) ||
      (a.terraUserId < b.terraUserId ? -1 : 1),
  );
  return byPrecedence[0] as MemberState;
}

// A disconnect request applies to the Terra user that it names, whatever the times are, because Terra's clock may be
// ahead. It also applies to a successor that was linked before the request and of which the service did not know. A
// Terra user that was linked later shows that the end user wants the connection again. A request for a Terra user that
// had ended long before applies only to that user.
function disconnectRequestFor(current: MemberState, members: MemberState[]): Date | null {
  const { linkedAt, disconnectRequestedAt: own } = current;
  if (own) return own;
  const others = members
    .filter((member) => !endedLongBefore(member, member.disconnectRequestedAt))
    .flatMap(({ disconnectRequestedAt }) => disconnectRequestedAt ?? [])
    .filter((at) => linkedAt === null || at >= linkedAt)
    .sort(byTime);
  return others.at(-1) ?? null;
}

// A reconnect whose event names no scopes keeps the earlier scopes.
function scopesOf(current: MemberState, members: MemberState[]): string[] {
  if (current.scopes) return current.scopes.names;
  const known = members.flatMap(({ scopes }) => scopes ?? []);
  return known.sort((a, b) => byTime(a.at, b.at)).at(-1)?.names ?? [];
}

function byTime(a: Date, b: Date): number {
  return a.getTime() - b.getTime();
}
