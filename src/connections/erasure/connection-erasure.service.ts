import { Injectable } from '@nestjs/common';
import { In, IsNull, type EntityManager } from 'typeorm';
import { Clock } from '../../common';
import { ConnectionErasureRepository, type PersonIds } from './connection-erasure.repository';
import type { ConnectionFact } from '../projection/connection-fact.entity';
import { ConnectionFactRepository } from '../projection/connection-fact.repository';
import { ConnectionIdentity } from '../projection/connection-identity.entity';
import { ConnectionLifecycleService } from '../projection/connection-lifecycle.service';
import { Connection } from '../connection.entity';
import { Deauthentication } from '../deauthentication/deauthentication.entity';
import { DeauthenticationsService } from '../deauthentication/deauthentications.service';

/** Everything of one end user that this room holds. */
export interface PersonRecords {
  terraUserIds: string[];
  connections: Connection[];
  identities: ConnectionIdentity[];
  facts: ConnectionFact[];
  deauthentications: Deauthentication[];
}

export interface ErasedRecords {
  /** Rows, by what they were. */
  counts: Record<'connections' | 'identities' | 'facts' | 'deauthentications', number>;
  /** Somebody else's Terra users of whom news may name the person's. */
  successors: string[];
}

/** What erasure and export need of this room. All of it runs inside the caller's transaction. */
@Injectable()
export class ConnectionErasureService {
  constructor(
    private readonly repository: ConnectionErasureRepository,
    private readonly facts: ConnectionFactRepository,
    private readonly lifecycle: ConnectionLifecycleService,
    private readonly deauthentications: DeauthenticationsService,
    private readonly clock: Clock,
  ) {}

  /** For those who work off news: while they do, nobody is erased. */
  shareErasureLock(manager: EntityManager): Promise<void> {
    return this.repository.shareErasureLock(manager);
  }

  /** By `end_user:<reference>` and `terra_user:<id>`: when they were erased. */
  tombstonesOf(
    manager: EntityManager,
    ids: { referenceIds: string[]; terraUserIds: string[] },
  ): Promise<Map<string, Date>> {
    return this.facts.tombstonesOf(manager, ids);
  }

  /** From now on nothing that is older is believed of this end user, and everything of theirs ends. */
  async begin(manager: EntityManager, referenceId: string, actor: string): Promise<void> {
    await this.disconnectAll(manager, referenceId, actor);
    await this.repository.bury(manager, { referenceId, terraUserIds: [] }, this.clock.now());
  }

  /** @returns how many connections were in use */
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
   * Ends Terra users that Terra lists for the person, unless that was asked for since, or they are somebody else's here.
   *
   * @returns how many
   */
  async endListed(
    manager: EntityManager,
    { referenceId, terraUserIds }: PersonIds,
    { actor, since }: { actor: string; since: Date },
  ): Promise<number> {
    const ofOthers = await this.repository.ofOthers(manager, terraUserIds, referenceId);
    let opened = 0;
    for (const terraUserId of terraUserIds) {
      if (ofOthers.has(terraUserId)) continue;
      if (await this.deauthentications.wasRequestedSince(manager, terraUserId, since)) continue;
      const request = { terraUserId, referenceId, connectionId: null, actor, reason: 'erasure' };
      await this.deauthentications.open(manager, request);
      opened += 1;
    }
    return opened;
  }

  /** Whether Terra has still to confirm an end of theirs. */
  async isPending(manager: EntityManager, referenceId: string): Promise<boolean> {
    const terraUserIds = await this.repository.terraUsersOf(manager, referenceId);
    const status = 'pending';
    return manager.existsBy(Deauthentication, [
      { referenceId, status },
      { terraUserId: In(terraUserIds), status },
    ]);
  }

  /** Keeps all news out until the transaction ends, and locks everything of theirs. @returns their Terra users */
  async lock(manager: EntityManager, referenceId: string): Promise<string[]> {
    await this.repository.takeErasureLock(manager);
    for (let known: string[] = []; ;) {
      const found = await this.repository.terraUsersOf(manager, referenceId);
      if (found.every((id) => known.includes(id))) {
        await this.facts.lockEndUsers(manager, [referenceId]);
        return found;
      }
      // Somebody else may have been linked while we waited for the locks.
      await this.facts.lockTerraUsers(manager, found);
      known = found;
    }
  }

  /** Their records, whose locks the caller holds, or in a transaction that sees one moment. */
  async recordsOf(manager: EntityManager, referenceId: string): Promise<PersonRecords> {
    const terraUserIds = await this.repository.terraUsersOf(manager, referenceId);
    const facts = await this.repository.factsNaming(manager, { referenceId, terraUserIds });
    const mine = new Set(terraUserIds);
    const isMine = (id: string | null): boolean => id !== null && mine.has(id);
    return {
      terraUserIds,
      connections: await manager.find(Connection, { where: { referenceId }, order: { id: 'ASC' } }),
      identities: await manager.find(ConnectionIdentity, {
        where: { terraUserId: In(terraUserIds) },
        order: { firstSeenAt: 'ASC', terraUserId: 'ASC' },
      }),
      facts: facts.filter((fact) => isMine(fact.terraUserId) || isMine(fact.oldTerraUserId)),
      deauthentications: await manager.find(Deauthentication, {
        where: [{ referenceId }, { terraUserId: In(terraUserIds) }],
        order: { id: 'ASC' },
      }),
    };
  }

  /** Takes everything of theirs away, for good. The caller holds the {@link lock}. */
  async erase(manager: EntityManager, person: PersonIds): Promise<ErasedRecords> {
    const naming = await this.repository.factsNaming(manager, person);
    const named = naming.flatMap(({ terraUserId, oldTerraUserId }) => [terraUserId, oldTerraUserId ?? []]);
    const ofOthers = await this.repository.ofOthers(manager, named.flat(), person.referenceId);
    const isNeeded = ({ terraUserId, oldTerraUserId }: ConnectionFact): boolean =>
      ofOthers.has(terraUserId) || (oldTerraUserId !== null && ofOthers.has(oldTerraUserId));
    const needed = naming.filter(isNeeded);
    const gone = naming.filter((fact) => !isNeeded(fact));
    for (const fact of needed) await this.repository.pseudonymize(manager, fact, person);
    await this.repository.deleteFacts(
      manager,
      gone.map(({ id }) => id),
    );
    await this.repository.bury(manager, person, this.clock.now());
    const { identities, connections } = await this.repository.deleteProjection(manager, person);
    const deauthentications = await this.repository.pseudonymizeDeauthentications(manager, person);
    return {
      counts: { connections, identities, facts: gone.length, deauthentications },
      successors: needed.flatMap(({ terraUserId }) => (ofOthers.has(terraUserId) ? terraUserId : [])),
    };
  }
}
