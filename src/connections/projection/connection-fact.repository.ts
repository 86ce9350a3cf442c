import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { Clock } from '../../common';
import { columnsOf, insertIfAbsent, runSql } from '../../database';
import { factKey, type Fact, type NewFact } from './connection-fact';
import { ConnectionFact } from './connection-fact.entity';

/** The SQL of facts, and of the locks that callers must take before they add facts. */
@Injectable()
export class ConnectionFactRepository {
  constructor(private readonly clock: Clock) {}

  /**
   * Serialises the recording of facts about these Terra users. The locks are advisory, because a row may not exist yet.
   * They are taken in sorted order, so that two transactions with the same Terra users cannot deadlock.
   */
  lockTerraUsers(manager: EntityManager, terraUserIds: string[]): Promise<void> {
    return this.lock(manager, 'terra-user', terraUserIds);
  }

  /** Serialises the projection of these end users. Take these locks after those of Terra users, never before. */
  lockEndUsers(manager: EntityManager, referenceIds: string[]): Promise<void> {
    return this.lock(manager, 'end-user', referenceIds);
  }

  private async lock(manager: EntityManager, kind: string, names: string[]): Promise<void> {
    if (names.length === 0) return;
    const keys = [...new Set(names)].sort().map((name) => `${kind}:${name}`);
    await runSql(
      manager,
      `SELECT pg_advisory_xact_lock(hashtextextended(key, 0)) FROM unnest($1::text[]) AS key`,
      [keys],
    );
  }

  /** Adds the facts that are not stored yet. @returns whether it added any */
  async add(manager: EntityManager, facts: NewFact[]): Promise<boolean> {
    const recordedAt = this.clock.now();
    let added = false;
    for (const fact of facts) {
      const row = { ...fact, id: uuidv7(), factKey: factKey(fact), recordedAt };
      added = (await insertIfAbsent(manager, ConnectionFact, row)) || added;
    }
    return added;
  }

  /** All facts about one of the Terra users, and all swaps that replaced one of them. */
  async about(manager: EntityManager, terraUserIds: string[]): Promise<Fact[]> {
    if (terraUserIds.length === 0) return [];
    const { rows } = await runSql<ConnectionFact>(
      manager,
      `SELECT ${columnsOf(manager, ConnectionFact)} FROM terra_connect.connection_facts
        WHERE terra_user_id = ANY($1) OR old_terra_user_id = ANY($1)`,
      [terraUserIds],
    );
    return rows.map(({ factKey: key, ...fact }) => ({ ...fact, key: key.toString('hex') }));
  }

  /** The facts about the Terra users, and about every Terra user that swaps connect with them, directly or not. */
  async connectedWith(manager: EntityManager, terraUserIds: string[]): Promise<Fact[]> {
    const known = new Set<string | null>([null]);
    const facts = new Map<string, Fact>();
    for (let next = terraUserIds; next.length > 0;) {
      for (const id of next) known.add(id);
      const found = await this.about(manager, next);
      for (const fact of found) facts.set(fact.id, fact);
      const named = found.flatMap(({ terraUserId, oldTerraUserId }) => [terraUserId, oldTerraUserId]);
      next = [...new Set(named)].filter((id): id is string => !known.has(id));
    }
    return [...facts.values()];
  }
}
