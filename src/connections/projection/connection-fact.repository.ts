import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { sha256 } from '../../common';
import { runIn } from '../../database';
import { factKey, type Fact, type NewFact } from './connection-fact';

type FactRow = Omit<Fact, 'key'> & { key: Buffer };

/** The SQL of facts, and of the locks under which they are added. */
@Injectable()
export class ConnectionFactRepository {
  /**
   * Serialises all news about the given Terra users. Advisory, because no row need exist yet. In one order, so that
   * swaps that cross do not wait for each other.
   */
  lockTerraUsers(manager: EntityManager, terraUserIds: string[]): Promise<void> {
    return this.lock(manager, 'terra-user', terraUserIds);
  }

  /** Serialises what is computed for the given end users. Taken after the locks of Terra users, never before. */
  lockEndUsers(manager: EntityManager, referenceIds: string[]): Promise<void> {
    return this.lock(manager, 'end-user', referenceIds);
  }

  private async lock(manager: EntityManager, kind: string, names: string[]): Promise<void> {
    if (names.length === 0) return;
    const keys = [...new Set(names)].sort().map((name) => `${kind}:${name}`);
    await runIn(
      manager,
      `SELECT pg_advisory_xact_lock(hashtextextended(key, 0)) FROM unnest($1::text[]) AS key`,
      [keys],
    );
  }

  /** Adds facts. @returns the keys of those that were not there before */
  async add(manager: EntityManager, facts: NewFact[], now: Date): Promise<Set<string>> {
    const added = new Set<string>();
    for (const fact of facts) {
      const rows = await runIn<{ factKey: Buffer }>(manager, INSERT, [
        uuidv7(),
        factKey(fact),
        fact.terraUserId,
        fact.kind,
        fact.cause,
        fact.source,
        fact.occurredAt,
        fact.referenceId ?? null,
        fact.provider ?? null,
        fact.oldTerraUserId ?? null,
        fact.oldReferenceId ?? null,
        fact.scopes ?? null,
        fact.scopesAdded ?? [],
        fact.scopesRemoved ?? [],
        fact.actor ?? null,
        fact.reason ?? null,
        fact.sourceId ?? null,
        now,
      ]);
      for (const row of rows) added.add(row.factKey.toString('hex'));
    }
    return added;
  }

  /** All facts in which one of the Terra users is the one concerned, or the old one of a swap. */
  async about(manager: EntityManager, terraUserIds: string[]): Promise<Fact[]> {
    if (terraUserIds.length === 0) return [];
    const rows = await runIn<FactRow>(
      manager,
      `SELECT ${COLUMNS} FROM terra_connect.connection_facts
        WHERE terra_user_id = ANY($1) OR old_terra_user_id = ANY($1)`,
      [terraUserIds],
    );
    return rows.map((row) => ({ ...row, key: row.key.toString('hex') }));
  }

  /** The facts about the Terra users, and about all whom swaps connect with them. */
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

  /** Which of the given people and Terra users have been erased, and when. */
  async tombstonesOf(
    manager: EntityManager,
    ids: { referenceIds: string[]; terraUserIds: string[] },
  ): Promise<Map<string, Date>> {
    const named = [
      ...ids.referenceIds.map((id) => [`end_user:${id}`, tombstoneDigest('end_user', id)] as const),
      ...ids.terraUserIds.map((id) => [`terra_user:${id}`, tombstoneDigest('terra_user', id)] as const),
    ];
    const rows = await runIn<{ digest: Buffer; erasedAt: Date }>(
      manager,
      `SELECT digest, erased_at AS "erasedAt" FROM terra_connect.tombstones WHERE digest = ANY($1)`,
      [named.map(([, digest]) => digest)],
    );
    const found = new Map(rows.map(({ digest, erasedAt }) => [digest.toString('hex'), erasedAt]));
    return new Map(
      named.flatMap(([name, digest]) => {
        const erasedAt = found.get(digest.toString('hex'));
        return erasedAt ? [[name, erasedAt] as const] : [];
      }),
    );
  }
}

/** A tombstone must be found by an id without holding it. */
export function tombstoneDigest(kind: 'end_user' | 'terra_user', id: string): Buffer {
  return sha256(`${kind}:${id}`);
}

const INSERT = `INSERT INTO terra_connect.connection_facts
    (id, fact_key, terra_user_id, kind, cause, source, occurred_at, reference_id, provider, old_terra_user_id,
     old_reference_id, scopes, scopes_added, scopes_removed, actor, reason, source_id, recorded_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
  ON CONFLICT (fact_key) DO NOTHING RETURNING fact_key AS "factKey"`;

const COLUMNS = `id, fact_key AS "key", terra_user_id AS "terraUserId", kind, cause, source, occurred_at AS "occurredAt",
  reference_id AS "referenceId", provider, old_terra_user_id AS "oldTerraUserId",
  old_reference_id AS "oldReferenceId", scopes, scopes_added AS "scopesAdded",
  scopes_removed AS "scopesRemoved", actor, reason, source_id AS "sourceId", recorded_at AS "recordedAt"`;
