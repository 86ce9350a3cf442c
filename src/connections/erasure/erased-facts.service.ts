import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { DeauthenticationsService } from '../deauthentication/deauthentications.service';
import type { NewFact } from '../projection/connection-fact';
import type { ConnectionIdentity } from '../projection/connection-identity.entity';
import { pseudonymOf } from './pseudonym';
import { TombstoneRepository, type Tombstones } from './tombstone.repository';

/** Keeps facts about erased end users out of the database. */
@Injectable()
export class ErasedFactsService {
  constructor(
    private readonly tombstones: TombstoneRepository,
    private readonly deauthentications: DeauthenticationsService,
  ) {}

  /**
   * Drops facts about erased end users. A fact that links an erased Terra user proves that Terra still has this user,
   * so the service requests its end.
   *
   * @param before the known identities of the facts' Terra users, by Terra user
   * @param known the tombstones of all ids that the facts name; absent: this method reads them
   * @returns each fact that stays → the fact to store, with pseudonyms for erased ids
   */
  async filter(
    manager: EntityManager,
    facts: NewFact[],
    before: Map<string, ConnectionIdentity>,
    known?: Tombstones,
  ): Promise<Map<NewFact, NewFact>> {
    const tombstones = known ?? (await this.tombstonesOf(manager, facts));
    if (tombstones.size === 0) return new Map(facts.map((fact) => [fact, fact]));
    const kept = new Map<NewFact, NewFact>();
    for (const fact of facts) {
      const erasedAt = tombstones.get(`end_user:${fact.referenceId}`) ?? null;
      const hasTombstone = tombstones.has(`terra_user:${fact.terraUserId}`);
      const isErased = hasTombstone || (erasedAt !== null && fact.occurredAt <= erasedAt);
      if (!isErased) kept.set(fact, pseudonymizeOld(fact, tombstones));
      else if (fact.kind === 'linked' || fact.kind === 'swapped') {
        const owner = before.get(fact.terraUserId)?.referenceId ?? null;
        await this.deauthenticate(manager, fact, { owner, erasedAt, hasTombstone });
      }
    }
    return kept;
  }

  private tombstonesOf(manager: EntityManager, facts: NewFact[]): Promise<Tombstones> {
    return this.tombstones.find(manager, {
      terraUserIds: facts
        .flatMap(({ terraUserId, oldTerraUserId }) => [terraUserId, oldTerraUserId ?? []])
        .flat(),
      referenceIds: facts.flatMap(({ referenceId, oldReferenceId }) => [
        ...(referenceId ? [referenceId] : []),
        ...(oldReferenceId ? [oldReferenceId] : []),
      ]),
    });
  }

  private async deauthenticate(
    manager: EntityManager,
    fact: NewFact,
    known: { owner: string | null; erasedAt: Date | null; hasTombstone: boolean },
  ): Promise<void> {
    const { terraUserId } = fact;
    const { owner, erasedAt, hasTombstone } = known;
    // A claim must not disconnect another end user's account.
    if (owner !== null && owner !== fact.referenceId) return;
    // A known Terra user gets no tombstone yet: until the erasure completes, the service needs the facts about its end.
    if (!hasTombstone && erasedAt && owner === null)
      await this.tombstones.addTerraUser(manager, terraUserId, erasedAt);
    // A pending erasure finds the request by this pseudonym, and waits for Terra's confirmation.
    const referenceId = fact.referenceId && erasedAt ? pseudonymOf('end_user', fact.referenceId) : null;
    await this.deauthentications.request(manager, [
      {
        terraUserId,
        referenceId,
        connectionId: null,
        actor: 'erasure',
        reason: 'event after the erasure',
      },
    ]);
  }
}

// After an erasure, the end user may come back, or another end user may connect the account. Terra then names the
// erased Terra user as the old one of a swap, but no row may contain its id.
function pseudonymizeOld(fact: NewFact, tombstones: Tombstones): NewFact {
  const { oldTerraUserId: old, oldReferenceId, referenceId } = fact;
  if (old == null || !tombstones.has(`terra_user:${old}`)) return fact;
  const isOther = oldReferenceId != null && oldReferenceId !== referenceId;
  return {
    ...fact,
    oldTerraUserId: pseudonymOf('terra_user', old),
    oldReferenceId: isOther ? pseudonymOf('end_user', oldReferenceId) : oldReferenceId,
  };
}
