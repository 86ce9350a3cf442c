import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Admission } from './admission';
import type { Fact } from './connection-fact';
import { ConnectionFactRepository } from './connection-fact.repository';
import type { ConnectionIdentity } from './connection-identity.entity';
import { distinctKeys, type ConnectionKey } from './connection-key';
import { ConnectionProjectionRepository } from './connection-projection.repository';
import { keyOf } from './connection-row';
import { FactsByUser, usersOf } from './facts-by-user';
import type { StoredProjection } from './projection-model';

/** The Terra users that new facts name, and everything that is known about them before the locks of end users. */
interface Affected {
  /** The Terra users that the facts name. */
  named: string[];
  /** These, and the Terra users that swaps name together with them: a swap affects the owner of the replaced one. */
  all: Set<string>;
  facts: FactsByUser;
  identities: ConnectionIdentity[];
}

/** Locks the end users that new facts affect, and reads what decides their connections. */
@Injectable()
export class ProjectionLoader {
  constructor(
    private readonly facts: ConnectionFactRepository,
    private readonly projection: ConnectionProjectionRepository,
  ) {}

  /**
   * Lock and read are separate statements: a statement does not see what was committed while it waited for a lock.
   *
   * @param known the stored facts about the Terra users whose locks the caller has
   * @param locked these Terra users
   */
  async load(
    manager: EntityManager,
    admission: Admission,
    known: Fact[],
    locked: string[],
  ): Promise<StoredProjection> {
    const affected = await this.affectedBy(manager, admission, known);
    let keys = distinctKeys([...[...admission.keysOf.values()].flat(), ...affected.identities.map(keyOf)]);
    for (;;) {
      const changedAt = await this.facts.lockEndUsers(
        manager,
        keys.map(({ referenceId }) => referenceId),
      );
      const claimed = claimedKeys(affected, admission);
      const members = await this.projection.membersOf(manager, affected.named, keys, claimed);
      const identities = await this.projection.identities(manager, members.terraUserIds);
      const present = identities.filter(({ terraUserId }) => affected.all.has(terraUserId));
      const found = distinctKeys([...keys, ...present.map(keyOf)]);
      if (found.length === keys.length) {
        const others = members.terraUserIds.filter((id) => !locked.includes(id));
        const facts = new FactsByUser([...known, ...(await this.facts.deciding(manager, others))]);
        const connections = await this.projection.connectionsOf(manager, keys, members.terraUserIds);
        return { facts, identities, connections, wholeKeys: members.wholeKeys, changedAt };
      }
      // Another transaction has changed an owner while this one waited for the locks.
      keys = found;
    }
  }

  /**
   * Also locks the Terra users of swaps that have no owner, because another transaction may be recording their owner and
   * cannot see our facts. This can deadlock; `inTransaction` then repeats the work.
   */
  private async affectedBy(manager: EntityManager, { steps }: Admission, known: Fact[]): Promise<Affected> {
    const facts = new FactsByUser([...known, ...steps.flatMap(({ fact }) => fact ?? [])]);
    const named = [
      ...new Set(steps.flatMap(({ terraUserId, fact }) => (fact ? usersOf(fact) : [terraUserId]))),
    ];
    const partners = facts.partnersOf(named);
    const all = new Set([...named, ...partners]);
    const identities = await this.projection.identities(manager, [...all]);
    const owned = new Set(identities.filter((row) => keyOf(row)).map(({ terraUserId }) => terraUserId));
    const unowned = partners.filter((id) => !owned.has(id));
    if (unowned.length === 0) return { named, all, facts, identities };
    await this.facts.lockTerraUsers(manager, unowned);
    return { named, all, facts, identities: await this.projection.identities(manager, [...all]) };
  }
}

/** The keys at which a named Terra user replaced another one that Terra did not name. */
function claimedKeys({ named, facts, identities }: Affected, { keysOf }: Admission): ConnectionKey[] {
  const claimants = new Set(named.filter((id) => facts.isClaimant(id)));
  if (claimants.size === 0) return [];
  return distinctKeys([
    ...[...claimants].flatMap((id) => keysOf.get(id) ?? []),
    ...identities.filter(({ terraUserId }) => claimants.has(terraUserId)).map(keyOf),
  ]);
}
