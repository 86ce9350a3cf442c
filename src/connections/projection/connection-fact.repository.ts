import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { columnsOf, rowSetOf, runSql } from '../../database';
import { CHANGE_TIME, MARK_CHANGE } from '../change-times';
import type { Fact, FactKind, ScopeMark } from './connection-fact';
import type { Compaction } from './deciding-facts';
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
  'scopeDigest',
  'recordedAt',
] as const;

/** The SQL of facts, and of the locks that callers must take before they add facts. */
@Injectable()
export class ConnectionFactRepository {
  /**
   * Serialises the recording of facts about these Terra users. The locks are advisory, because a row may not exist yet.
   * They are taken in sorted order, so that two transactions with the same Terra users cannot deadlock.
   */
  async lockTerraUsers(manager: EntityManager, terraUserIds: string[]): Promise<void> {
    await this.lock(manager, 'terra-user', terraUserIds);
  }

  /**
   * Serialises the projection of these end users. Take these locks after those of Terra users, never before.
   *
   * @returns the time of the changes that the caller makes now; null if it names no end user
   */
  lockEndUsers(manager: EntityManager, referenceIds: string[]): Promise<Date | null> {
    return this.lock(manager, 'end-user', referenceIds);
  }

  private async lock(manager: EntityManager, kind: string, names: string[]): Promise<Date | null> {
    if (names.length === 0) return null;
    const keys = [...new Set(names)].sort().map((name) => `${kind}:${name}`);
    const { rows } = await runSql<{ time: Date }>(
      manager,
      `SELECT pg_advisory_xact_lock(hashtextextended(key, 0)), ${MARK_CHANGE}, ${CHANGE_TIME} AS time
        FROM unnest($1::text[]) AS key`,
      [keys],
    );
    return rows.at(-1)?.time ?? null;
  }

  /**
   * Adds the facts that are not stored yet.
   *
   * @param compaction of these and of stored facts
   */
  async insert(manager: EntityManager, facts: Fact[], { covered, digests }: Compaction): Promise<void> {
    if (facts.length === 0) return;
    const rows = facts.map((fact) => {
      const { key, ...columns } = fact;
      const scopeDigest = digestText(digests.get(fact));
      return { ...columns, factKey: Buffer.from(key, 'hex'), decides: !covered.has(fact), scopeDigest };
    });
    const { table, columns, select, values } = rowSetOf(manager, ConnectionFact, FACT_COLUMNS, rows);
    await runSql(
      manager,
      `INSERT INTO ${table} (${columns.join(', ')}) ${select} ON CONFLICT DO NOTHING`,
      values,
    );
    const stored = [...covered, ...digests.keys()].filter((fact) => !facts.includes(fact));
    if (stored.length > 0)
      await runSql(
        manager,
        `UPDATE terra_connect.connection_facts f SET decides = given.decides, scope_digest = given.digest
          FROM unnest($1::uuid[], $2::boolean[], $3::text[]) AS given (id, decides, digest) WHERE f.id = given.id`,
        [
          stored.map(({ id }) => id),
          stored.map((fact) => !covered.has(fact)),
          stored.map((fact) => digestText(digests.get(fact))),
        ],
      );
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
    return this.find(manager, terraUserIds, 'terra_user_id = ANY($1) AND decides', ['decides']);
  }

  /** All facts about one of the Terra users, and all swaps that replaced one of them. */
  about(manager: EntityManager, terraUserIds: string[]): Promise<Fact[]> {
    return this.find(manager, terraUserIds, 'terra_user_id = ANY($1)', ['decides', 'scopeDigest']);
  }

  private async find(
    manager: EntityManager,
    terraUserIds: string[],
    condition: string,
    except: string[],
  ): Promise<Fact[]> {
    if (terraUserIds.length === 0) return [];
    const { rows } = await runSql<Omit<ConnectionFact, 'decides'>>(
      manager,
      `SELECT ${columnsOf(manager, ConnectionFact, except)} FROM terra_connect.connection_facts
        WHERE (${condition}) OR old_terra_user_id = ANY($1)`,
      [terraUserIds],
    );
    return rows.map(({ factKey, scopeDigest, ...fact }) => {
      const key = factKey.toString('hex');
      return scopeDigest
        ? { ...fact, key, scopeDigest: JSON.parse(scopeDigest) as ScopeMark[] }
        : { ...fact, key };
    });
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

// As text, not as `jsonb`, which rejects some texts that a column of text holds.
function digestText(marks: ScopeMark[] | undefined): string | null {
  return marks === undefined ? null : JSON.stringify(marks);
}
