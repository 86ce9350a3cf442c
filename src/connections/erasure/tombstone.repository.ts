import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { runSql } from '../../database';
import { tombstoneDigest } from './pseudonym';

/** The erased ids, as `end_user:<reference id>` and `terra_user:<Terra user id>` → the time of the erasure. */
export type Tombstones = Map<string, Date>;

/** The SQL of tombstones. */
@Injectable()
export class TombstoneRepository {
  async find(
    manager: EntityManager,
    ids: { referenceIds: string[]; terraUserIds: string[] },
  ): Promise<Tombstones> {
    const named = [
      ...ids.referenceIds.map((id) => [`end_user:${id}`, tombstoneDigest('end_user', id)] as const),
      ...ids.terraUserIds.map((id) => [`terra_user:${id}`, tombstoneDigest('terra_user', id)] as const),
    ];
    const { rows } = await runSql<{ digest: Buffer; erasedAt: Date }>(
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

  /** Adds the tombstones of an end user and its Terra users. A repeated erasure changes them to the later time. */
  async add(
    manager: EntityManager,
    { referenceId, terraUserIds }: { referenceId: string; terraUserIds: string[] },
    erasedAt: Date,
  ): Promise<void> {
    const digests = terraUserIds.map((id) => tombstoneDigest('terra_user', id));
    await runSql(
      manager,
      `INSERT INTO terra_connect.tombstones (digest, kind, erased_at)
        SELECT $1::bytea, 'end_user', $3::timestamptz
        UNION ALL SELECT digest, 'terra_user', $3 FROM unnest($2::bytea[]) AS digest
        ON CONFLICT (digest) DO UPDATE SET erased_at = greatest(tombstones.erased_at, excluded.erased_at)`,
      [tombstoneDigest('end_user', referenceId), digests, erasedAt],
    );
  }

  /**
   * Adds the tombstones of Terra users that the service knows only from late events about erased end users.
   *
   * @param erasedAt Terra user → the time of the erasure
   */
  async addTerraUsers(manager: EntityManager, erasedAt: Map<string, Date>): Promise<void> {
    if (erasedAt.size === 0) return;
    await runSql(
      manager,
      `INSERT INTO terra_connect.tombstones (digest, kind, erased_at)
        SELECT digest, 'terra_user', erased_at FROM unnest($1::bytea[], $2::timestamptz[]) AS erased (digest, erased_at)
        ON CONFLICT DO NOTHING`,
      [[...erasedAt.keys()].map((id) => tombstoneDigest('terra_user', id)), [...erasedAt.values()]],
    );
  }
}
