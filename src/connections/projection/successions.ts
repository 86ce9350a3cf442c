import type { Fact, FactCause } from './connection-fact';
import type { TerraUserState } from './terra-user-reducer';

/** Which Terra user replaced another one of the same account, and when. */
export interface Succession {
  terraUserId: string;
  at: Date;
}

/** Old Terra user → the one that replaced it. */
export type Successions = Map<string, Succession>;

// At a reconnect, Terra ends the old user together with the swap. The end may have a slightly earlier time.
export const SAME_MOMENT_MS = 60_000;

const CONCLUDED: readonly FactCause[] = ['reconnect', 'replaced'];

/**
 * Returns which Terra users of one connection key replaced each other.
 *
 * @param mine the Terra users of the key
 * @param swaps the swaps, in the order in which they occurred
 */
export function successionsOf(mine: TerraUserState[], swaps: Fact[]): Successions {
  const byId = new Map(mine.map((user) => [user.terraUserId, user]));
  const reported = swaps.filter(
    ({ cause, terraUserId, referenceId }) =>
      // A swap with the reference of another end user is only a claim and connects no Terra users.
      cause === 'user_reauth' && isCredible(referenceId, byId.get(terraUserId)),
  );
  const successions: Successions = new Map();
  const predecessors = new Map<string, string>();
  const succeed = (old: string, { terraUserId, occurredAt: at }: Fact): void => {
    successions.set(old, { terraUserId, at });
    predecessors.set(terraUserId, old);
  };

  // If two Terra users replaced the same one, all are one account, and the later replaced the earlier.
  const succeedLast = (swap: Fact): void => {
    const { terraUserId, oldTerraUserId: old } = swap;
    if (old === null || !byId.has(old) || !byId.has(terraUserId)) return;
    const last = lastOf(old, successions);
    if (last !== terraUserId) succeed(successions.has(last) ? old : last, swap);
  };

  for (const swap of reported) succeedLast(swap);
  // The service concluded these swaps: from a session that named the connection, or from Terra's answers. A caller may
  // have read the result already, so no end of the old Terra user and no missing `user_reauth` takes it back.
  for (const swap of swaps.filter(({ cause }) => CONCLUDED.includes(cause)))
    if (!predecessors.has(swap.terraUserId)) succeedLast(swap);
  // Terra may omit the old user. If exactly one Terra user can be the old one, it counts as replaced. Otherwise none
  // does, and the service asks Terra.
  for (const swap of reported) {
    const { terraUserId, oldTerraUserId, occurredAt } = swap;
    if (oldTerraUserId !== null || !byId.has(terraUserId) || predecessors.has(terraUserId)) continue;
    const [only, another] = mine.filter(
      (old) =>
        old.terraUserId !== terraUserId &&
        !successions.has(old.terraUserId) &&
        old.linkedAt !== null &&
        old.linkedAt < occurredAt &&
        !endedBefore(old, occurredAt.getTime() - SAME_MOMENT_MS),
    );
    if (only && !another) succeed(only.terraUserId, swap);
  }
  return successions;
}

/**
 * Returns the Terra users whose account another end user connected, or got from an operator, with the time. T-16: they
 * become `moved`.
 */
export function departuresOf(
  mine: TerraUserState[],
  all: Map<string, TerraUserState>,
  swaps: Fact[],
): Map<string, Date> {
  const keys = new Map(mine.map(({ terraUserId, key }) => [terraUserId, key]));
  const departures = new Map<string, Date>();
  for (const { terraUserId, oldTerraUserId, occurredAt, cause } of swaps) {
    const from = oldTerraUserId === null ? undefined : keys.get(oldTerraUserId);
    const to = all.get(terraUserId)?.key;
    if (oldTerraUserId === null || !from || !to || to.referenceId === from.referenceId) continue;
    const acceptedAt = all.get(terraUserId)?.ownerAcceptedAt ?? null;
    // Without an operator, only Terra's own report of the swap shows that both Terra users are one account.
    if (cause !== 'user_reauth' && acceptedAt === null) continue;
    const at = acceptedAt !== null && acceptedAt > occurredAt ? acceptedAt : occurredAt;
    if (!departures.has(oldTerraUserId)) departures.set(oldTerraUserId, at);
  }
  return departures;
}

/** Groups the Terra users by account: each Terra user with its successors. */
export function accountsOf(mine: TerraUserState[], successions: Successions): TerraUserState[][] {
  const accountOf = new Map(mine.map(({ terraUserId }) => [terraUserId, new Set([terraUserId])]));
  for (const [old, { terraUserId }] of successions) {
    const [first, second] = [accountOf.get(old), accountOf.get(terraUserId)];
    if (!first || !second || first === second) continue;
    for (const id of second) accountOf.set(id, first.add(id));
  }
  return [...new Set(accountOf.values())].map((ids) =>
    mine.filter(({ terraUserId }) => ids.has(terraUserId)),
  );
}

/** When the Terra user last replaced another one, in milliseconds; 0: never. */
export function lastReplacedAt(terraUserId: string, successions: Successions): number {
  const replaced = [...successions.values()].filter((succession) => succession.terraUserId === terraUserId);
  return Math.max(0, ...replaced.map(({ at }) => at.getTime()));
}

/** Whether the Terra user ended more than a minute before `at`, so that the two are not related. */
export function endedLongBefore(user: TerraUserState, at: Date | null): boolean {
  return endedBefore(user, (at?.getTime() ?? 0) - SAME_MOMENT_MS);
}

/** Returns the last successor of a Terra user so far, or the user itself. In a circle, it stops before a repetition. */
function lastOf(terraUserId: string, successions: Successions): string {
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

function isCredible(referenceId: string | null, user: TerraUserState | undefined): boolean {
  return referenceId === null || referenceId === user?.key?.referenceId;
}

function endedBefore({ ended }: TerraUserState, ms: number): boolean {
  return ended !== null && ended.at.getTime() < ms;
}
