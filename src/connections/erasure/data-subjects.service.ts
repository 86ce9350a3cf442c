import { Injectable } from '@nestjs/common';
import { In, IsNull, type EntityManager } from 'typeorm';
import { Clock } from '../../common';
import type { DataSubject } from '../../database';
import { Connection } from '../connection.entity';
import { Deauthentication } from '../deauthentication/deauthentication.entity';
import { DeauthenticationsService } from '../deauthentication/deauthentications.service';
import { ConnectionFactRepository } from '../projection/connection-fact.repository';
import { ConnectionLifecycleService } from '../projection/connection-lifecycle.service';
import { ConnectionErasureRepository } from './connection-erasure.repository';
import { TombstoneRepository, type Tombstones } from './tombstone.repository';

/** Finds an end user's rows and takes the locks of an erasure. Every method runs inside the caller's transaction. */
@Injectable()
export class DataSubjectsService {
  constructor(
    private readonly repository: ConnectionErasureRepository,
    private readonly tombstones: TombstoneRepository,
    private readonly facts: ConnectionFactRepository,
    private readonly lifecycle: ConnectionLifecycleService,
    private readonly deauthentications: DeauthenticationsService,
    private readonly clock: Clock,
  ) {}

  /** Workers that process events take this lock, so that no erasure deletes rows until their transaction ends. */
  shareErasureLock(manager: EntityManager): Promise<void> {
    return this.repository.shareErasureLock(manager);
  }

  tombstonesOf(
    manager: EntityManager,
    ids: { referenceIds: string[]; terraUserIds: string[] },
  ): Promise<Tombstones> {
    return this.tombstones.find(manager, ids);
  }

  /** Stops the processing of events until the transaction ends, and locks the end user and all its Terra users. */
  async lock(manager: EntityManager, referenceId: string): Promise<void> {
    await this.repository.takeErasureLock(manager);
    for (let known: string[] = []; ;) {
      const found = await this.repository.terraUsersOf(manager, referenceId);
      if (found.every((id) => known.includes(id))) break;
      // Another transaction may have linked a Terra user during the wait for the locks, so look again.
      await this.facts.lockTerraUsers(manager, found);
      known = found;
    }
    await this.facts.lockEndUsers(manager, [referenceId]);
  }

  /** Finds the ids that name the end user in rows. Call it after {@link lock} or in a transaction with one snapshot. */
  async find(manager: EntityManager, referenceId: string): Promise<DataSubject> {
    const terraUserIds = await this.repository.terraUsersOf(manager, referenceId);
    const connections = await manager.find(Connection, {
      select: { id: true },
      where: { referenceId },
      order: { id: 'ASC' },
    });
    const naming = await this.repository.factsNaming(manager, { referenceId, terraUserIds });
    const named = naming.flatMap(({ terraUserId, oldTerraUserId }) => [terraUserId, oldTerraUserId ?? []]);
    const ofOthers = await this.repository.ofOthers(manager, named.flat(), referenceId);
    const successors = naming.filter(({ terraUserId }) => ofOthers.has(terraUserId));
    return {
      referenceId,
      terraUserIds,
      connectionIds: connections.map(({ id }) => id),
      successorIds: [...new Set(successors.map(({ terraUserId }) => terraUserId))],
    };
  }

  /** Every deauthentication request about the end user, oldest first. */
  deauthenticationsOf(
    manager: EntityManager,
    { referenceId, terraUserIds }: DataSubject,
  ): Promise<Deauthentication[]> {
    return manager.find(Deauthentication, {
      where: [{ referenceId }, { terraUserId: In(terraUserIds) }],
      order: { id: 'ASC' },
    });
  }

  /** Requests the end of all `active` and `needs_reauth` connections. @returns how many */
  async disconnectAll(manager: EntityManager, referenceId: string, actor: string): Promise<number> {
    const status = In(['active', 'needs_reauth']);
    const inUse = await manager.findBy(Connection, { referenceId, status, mergedInto: IsNull() });
    const fact = { occurredAt: this.clock.now(), source: 'api', actor, reason: 'erasure' } as const;
    const kind = 'disconnect_requested';
    if (inUse.length > 0) {
      const requests = inUse.map(({ terraUserId }) => ({ ...fact, terraUserId, kind, cause: kind }) as const);
      await this.lifecycle.record(manager, requests);
    }
    return inUse.length;
  }

  /**
   * Requests the end of Terra users that Terra lists for the end user. Leaves out those whose end was requested after
   * `since`, and those of another end user.
   *
   * @returns for how many Terra users it requested the end
   */
  async deauthenticateListed(
    manager: EntityManager,
    listed: { referenceId: string; terraUserIds: string[] },
    { actor, since }: { actor: string; since: Date },
  ): Promise<number> {
    const { referenceId, terraUserIds } = listed;
    const ofOthers = await this.repository.ofOthers(manager, terraUserIds, referenceId);
    const requested = await this.deauthentications.requestedSince(manager, terraUserIds, since);
    const request = { referenceId, connectionId: null, actor, reason: 'erasure' };
    const due = [...new Set(terraUserIds)].filter((id) => !ofOthers.has(id) && !requested.has(id));
    await this.deauthentications.request(
      manager,
      due.map((terraUserId) => ({ ...request, terraUserId })),
    );
    return due.length;
  }
}
