import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Clock } from '../../common';
import { DeauthenticationsService } from '../deauthentication/deauthentications.service';
import { admit, type Admission } from '../projection/admission';
import type { Fact, NewFact } from '../projection/connection-fact';
import { TombstoneRepository, type Tombstones } from './tombstone.repository';

/** Keeps facts about erased end users out of the database. */
@Injectable()
export class ErasedFactsService {
  constructor(
    private readonly tombstones: TombstoneRepository,
    private readonly deauthentications: DeauthenticationsService,
    private readonly clock: Clock,
  ) {}

  /**
   * Drops facts about erased end users, and requests the end of the Terra users that Terra still has.
   *
   * @param known the stored facts about the Terra users of the facts
   * @param tombstones those of all ids that the facts name; absent: this method reads them
   */
  async admit(
    manager: EntityManager,
    facts: NewFact[],
    known: Fact[],
    tombstones?: Tombstones,
  ): Promise<Admission> {
    const erased = tombstones ?? (await this.tombstonesOf(manager, facts));
    const admission = admit(facts, known, erased, this.clock.now());
    await this.tombstones.addTerraUsers(manager, admission.tombstones);
    await this.deauthentications.request(manager, admission.deauthentications);
    return admission;
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
}
