import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, In } from 'typeorm';
import { inTransaction } from '../../database';
import { ConnectionRepository, type EndedConnection } from '../connection.repository';
import { compareFacts, type Fact, type FactKind } from './connection-fact';
import { ConnectionFact } from './connection-fact.entity';
import { ConnectionFactRepository } from './connection-fact.repository';
import { ConnectionProjectionRepository } from './connection-projection.repository';
import { reduceConnections } from './connection-reducer';
import type { ConnectionKey } from './connection-key';

// The service keeps facts of other kinds for ever. They say who owns a Terra user, which one it replaced and how it
// ended, and a late event may need them.
const DELETABLE: readonly FactKind[] = ['failing', 'recovered', 'scopes'];
const BATCH = 1_000;

/** Deletes old facts of ended connections that no longer decide the connection. */
@Injectable()
export class HistoryCompactionService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly facts: ConnectionFactRepository,
    private readonly projection: ConnectionProjectionRepository,
    private readonly connections: ConnectionRepository,
  ) {}

  /**
   * Compacts the history of every connection that ended before `before`, in batches. Stops after a batch if `signal` is
   * aborted.
   *
   * @returns how many facts were deleted
   */
  async compactAll(before: Date, signal: AbortSignal): Promise<number> {
    let deleted = 0;
    let after: string | null = null;
    do {
      const ended: EndedConnection[] = await this.connections.endedBefore(before, after, BATCH);
      for (const { referenceId, provider } of ended)
        deleted += await this.compact({ referenceId, provider }, before);
      after = ended.length === BATCH ? (ended.at(-1)?.id ?? null) : null;
    } while (after !== null && !signal.aborted);
    return deleted;
  }

  private compact(key: ConnectionKey, before: Date): Promise<number> {
    return inTransaction(this.dataSource, async (manager) => {
      await this.facts.lockEndUsers(manager, [key.referenceId]);
      const identities = await this.projection.identitiesOf(manager, key);
      const ids = identities.map(({ terraUserId }) => terraUserId);
      const covered = await this.facts.deleteCovered(manager, ids, DELETABLE, before);
      const { terraUserIds } = await this.projection.membersOf(manager, ids, [], []);
      const needless = deletableFacts(key, await this.facts.deciding(manager, terraUserIds), before);
      // Another key's connection may depend on facts about its own Terra users, so this key must not delete them.
      const mine = needless.filter(({ terraUserId }) => ids.includes(terraUserId));
      if (mine.length > 0) await manager.delete(ConnectionFact, { id: In(mine.map(({ id }) => id)) });
      return covered + mine.length;
    });
  }
}

/** Returns the facts before `before` whose deletion does not change the connections of the key. */
function deletableFacts(key: ConnectionKey, facts: Fact[], before: Date): Fact[] {
  const wanted = storedStateOf(key, facts);
  let kept = facts;
  for (const fact of facts.toSorted(compareFacts)) {
    if (!DELETABLE.includes(fact.kind) || fact.occurredAt >= before) continue;
    const without = kept.filter((other) => other !== fact);
    if (storedStateOf(key, without) === wanted) kept = without;
  }
  return facts.filter((fact) => !kept.includes(fact));
}

/** Returns what the tables contain of a key's connections and identities, as text for a comparison. */
function storedStateOf(key: ConnectionKey, facts: Fact[]): string {
  const states = reduceConnections(key, facts).map(({ members, ...connection }) => ({
    ...connection,
    members: members.map(({ terraUserId, firstSeen, linkedAt, supersededBy, ended }) => [
      terraUserId,
      firstSeen,
      linkedAt,
      supersededBy,
      ended,
    ]),
  }));
  return JSON.stringify(states);
}
