import type { Fact } from './connection-fact';
import type { ConnectionKey } from './connection-key';
import { ownerOf, reduceTerraUser, type TerraUserState } from './terra-user-reducer';

/** Facts by the Terra users that they name: those about a Terra user, and the swaps that replaced it. */
export class FactsByUser {
  private readonly byUser = new Map<string, Map<string, Fact>>();
  private readonly owners = new Map<string, ConnectionKey | null>();

  constructor(facts: Iterable<Fact> = []) {
    for (const fact of facts) this.add(fact);
  }

  /** @returns false if an equal fact is present */
  add(fact: Fact): boolean {
    if (this.byUser.get(fact.terraUserId)?.has(fact.key)) return false;
    for (const id of usersOf(fact)) {
      const known = this.byUser.get(id) ?? new Map<string, Fact>();
      this.byUser.set(id, known.set(fact.key, fact));
      this.owners.delete(id);
    }
    return true;
  }

  has(terraUserId: string): boolean {
    return this.byUser.has(terraUserId);
  }

  about(terraUserId: string): Fact[] {
    return [...(this.byUser.get(terraUserId)?.values() ?? [])];
  }

  /** All facts about some Terra users, each once. */
  aboutAll(terraUserIds: Iterable<string>): Fact[] {
    return [...new Set([...terraUserIds].flatMap((id) => this.about(id)))];
  }

  /** The connection key of a Terra user; null while no fact names it. */
  ownerOf(terraUserId: string): ConnectionKey | null {
    const known = this.owners.get(terraUserId);
    if (known !== undefined) return known;
    const owner = ownerOf(terraUserId, this.about(terraUserId));
    this.owners.set(terraUserId, owner);
    return owner;
  }

  /** null without a fact */
  stateOf(terraUserId: string): TerraUserState | null {
    const about = this.about(terraUserId);
    return about.length === 0 ? null : reduceTerraUser(terraUserId, about);
  }

  /** The Terra users that a swap names together with one of these, without these. */
  partnersOf(terraUserIds: readonly string[]): string[] {
    const partners = new Set(this.aboutAll(terraUserIds).flatMap((fact) => usersOf(fact)));
    for (const id of terraUserIds) partners.delete(id);
    return [...partners];
  }

  /** The Terra users that swaps connect with these, directly or not, and these. */
  connectedWith(terraUserIds: Iterable<string>): Set<string> {
    const connected = new Set(terraUserIds);
    // A set also iterates over what is added meanwhile.
    for (const id of connected)
      for (const fact of this.byUser.get(id)?.values() ?? [])
        for (const other of usersOf(fact)) connected.add(other);
    return connected;
  }

  /** The Terra users of swaps that do not name the replaced Terra user: any Terra user of the connection key may be it. */
  isClaimant(terraUserId: string): boolean {
    return this.about(terraUserId).some((fact) => isUnclearSwap(fact) && fact.terraUserId === terraUserId);
  }
}

/** The Terra users that a fact names. */
export function usersOf({
  terraUserId,
  oldTerraUserId,
}: Pick<Fact, 'terraUserId'> & { oldTerraUserId?: string | null }): string[] {
  return oldTerraUserId == null || oldTerraUserId === terraUserId
    ? [terraUserId]
    : [terraUserId, oldTerraUserId];
}

/** Whether Terra did not name the replaced Terra user. The facts may not show which one it was. */
export function isUnclearSwap({
  kind,
  oldTerraUserId,
}: Pick<Fact, 'kind'> & { oldTerraUserId?: string | null }): boolean {
  return kind === 'swapped' && oldTerraUserId == null;
}
