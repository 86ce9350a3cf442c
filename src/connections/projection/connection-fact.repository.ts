import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { columnsOf, rowSetOf, runSql } from '../../database';
import type { Fact, FactKind } from './connection-fact';
import { ConnectionFact } from './connection-fact.entity';

const FACT_COLUMNS = [
  'id',
  'factKey',
  'terraUserId',
  'kind',
  'cause',
  'source',
  'occurredAt',
  'referenceId',
  'provider',
  'oldTerraUserId',
  'oldReferenceId',
  'scopes',
  'scopesAdded',
  'scopesRemoved',
  'actor',
  'reason',
  'sourceId',
  'decides',
  'recordedAt',
] as const;

/** The SQL of facts, and of the locks that callers must take before they add facts. */
@Injectable()
export class ConnectionFactRepository {
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

  /**
   * Adds the facts that are not stored yet.
   *
   * @param covered the facts, stored or not, that do not decide anything
   */
  async insert(manager: EntityManager, facts: Fact[], covered: Set<Fact>): Promise<void> {
    if (facts.length === 0) return;
    const rows = facts.map((fact) => {
      const { key, ...columns } = fact;
      return { ...columns, factKey: Buffer.from(key, 'hex'), decides: !covered.has(fact) };
    });
    const { table, columns, select, values } = rowSetOf(manager, ConnectionFact, FACT_COLUMNS, rows);
    await runSql(
      manager,
      `INSERT INTO ${table} (${columns.join(', ')}) ${select} ON CONFLICT DO NOTHING`,
      values,
    );
    const stored = [...covered].filter((fact) => !facts.includes(fact));
    if (stored.length > 0)
      await runSql(manager, `UPDATE terra_connect.connection_facts SET decides = false WHERE id = ANY($1)`, [
        stored.map(({ id }) => id),
      ]);
  }

  /** Deletes facts about the Terra users that do not decide anything. @returns how many */
  async deleteCovered(
    manager: EntityManager,
    terraUserIds: string[],
    kinds: readonly FactKind[],
    before: Date,
  ): Promise<number> {
    const { count } = await runSql(
      manager,
      `DELETE FROM terra_connect.connection_facts
        WHERE terra_user_id = ANY($1) AND NOT decides AND kind = ANY($2) AND occurred_at < $3`,
      [terraUserIds, kinds, before],
    );
    return count;
  }

  /** The facts that decide the connections of the Terra users, and the swaps that replaced these Terra users. */
  deciding(manager: EntityManager, terraUserIds: string[]): Promise<Fact[]> {
    return this.find(manager, terraUserIds, 'terra_user_id = ANY($1) AND decides');
  }

  /** All facts about one of the Terra users, and all swaps that replaced one of them. */
  about(manager: EntityManager, terraUserIds: string[]): Promise<Fact[]> {
    return this.find(manager, terraUserIds, 'terra_user_id = ANY($1)');
  }

  private async find(manager: EntityManager, terraUserIds: string[], condition: string): Promise<Fact[]> {
    if (terraUserIds.length === 0) return [];
    const { rows } = await runSql<Omit<ConnectionFact, 'decides'>>(
      manager,
      `SELECT ${columnsOf(manager, ConnectionFact, ['decides'])} FROM terra_connect.connection_facts
        WHERE (${condition}) OR old_terra_user_id = ANY($1)`,
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
