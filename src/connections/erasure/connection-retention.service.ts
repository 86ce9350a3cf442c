import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { inTransaction } from '../../database';
import { compareFacts, type Fact, type FactKind } from '../projection/connection-fact';
import { ConnectionFactRepository } from '../projection/connection-fact.repository';
import { ConnectionProjectionRepository } from '../projection/connection-projection.repository';
import { reduceConnections } from '../projection/connection-reducer';
import { ConnectionRetentionRepository } from './connection-retention.repository';
import type { ConnectionKey } from '../projection/terra-user-reducer';

// Who a Terra user is, whose place it took and how it ended is kept for ever: late news must find it.
const DISPENSABLE: readonly FactKind[] = ['failing', 'recovered', 'scopes'];

/** How many facts were deleted, and where to go on; null when there are no more connections. */
export interface CompactedHistory {
  deleted: number;
  lastId: string | null;
}

/** How long this room keeps what nobody needs any more. */
@Injectable()
export class ConnectionRetentionService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly repository: ConnectionRetentionRepository,
    private readonly facts: ConnectionFactRepository,
    private readonly projection: ConnectionProjectionRepository,
  ) {}

  /**
   * Thins the history of connections that ended that long ago, to the facts that make them what they are.
   *
   * @param afterId where the last call stopped; null at the start
   */
  async compactHistory(before: Date, afterId: string | null, limit: number): Promise<CompactedHistory> {
    const ended = await this.repository.endedBefore(before, afterId, limit);
    let deleted = 0;
    for (const { referenceId, provider } of ended)
      deleted += await this.compact({ referenceId, provider }, before);
    return { deleted, lastId: ended.length === limit ? (ended.at(-1)?.id ?? null) : null };
  }

  /** @returns how many confirmed deauthentications were deleted, at most `limit` */
  deleteConfirmedDeauthentications(before: Date, limit: number): Promise<number> {
    return this.repository.deleteConfirmedDeauthentications(before, limit);
  }

  private compact(owner: ConnectionKey, before: Date): Promise<number> {
    return inTransaction(this.dataSource, async (manager) => {
      await this.facts.lockEndUsers(manager, [owner.referenceId]);
      const identities = await this.projection.identitiesOf(manager, owner);
      const ids = identities.map(({ terraUserId }) => terraUserId);
      const needless = dispensable(owner, await this.facts.connectedWith(manager, ids), before);
      // One that somebody else's connection is made of, too, is not this owner's to judge.
      const mine = needless.filter(({ terraUserId }) => ids.includes(terraUserId));
      if (mine.length > 0)
        await this.repository.deleteFacts(
          manager,
          mine.map(({ id }) => id),
        );
      return mine.length;
    });
  }
}

/** Facts of before that time without which an owner's connections are exactly the same. */
export function dispensable(owner: ConnectionKey, facts: Fact[], before: Date): Fact[] {
  const wanted = writtenOf(owner, facts);
  let kept = facts;
  for (const fact of facts.toSorted(compareFacts)) {
    if (!DISPENSABLE.includes(fact.kind) || fact.occurredAt >= before) continue;
    const without = kept.filter((other) => other !== fact);
    if (writtenOf(owner, without) === wanted) kept = without;
  }
  return facts.filter((fact) => !kept.includes(fact));
}

/** What of an owner's connections and identities is written down. */
function writtenOf(owner: ConnectionKey, facts: Fact[]): string {
  const states = reduceConnections(owner, facts).map(({ members, ...connection }) => ({
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
