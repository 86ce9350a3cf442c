import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { runSql } from '../database';
import type { Connection } from './connection.entity';

type ProviderConnection = Pick<Connection, 'id' | 'terraUserId'>;

const IN_USE = `merged_into IS NULL AND status IN ('active', 'needs_reauth')`;
/** Reads the connections of whole providers. */
@Injectable()
export class ProviderConnectionsRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** The providers that have connections which are not ended. */
  async providersInUse(): Promise<string[]> {
    const { rows } = await runSql<{ provider: string }>(
      this.dataSource,
      `SELECT DISTINCT provider FROM terra_connect.connections WHERE ${IN_USE}`,
    );
    return rows.map(({ provider }) => provider);
  }

  async countInUse(manager: EntityManager, provider: string): Promise<number> {
    const { rows } = await runSql<{ count: number }>(
      manager,
      `SELECT count(*)::int AS count FROM terra_connect.connections WHERE ${IN_USE} AND provider = $1`,
      [provider],
    );
    return rows[0]?.count ?? 0;
  }

  /**
   * Connections of the provider by id, after the given one.
   *
   * @param retired whether they have the reason `provider_retired`
   */
  async listInUse(
    manager: EntityManager,
    { provider, retired, after }: { provider: string; retired: boolean; after: string | null },
    limit: number,
  ): Promise<ProviderConnection[]> {
    const { rows } = await runSql<ProviderConnection>(
      manager,
      `SELECT id, terra_user_id AS "terraUserId" FROM terra_connect.connections
        WHERE ${IN_USE} AND provider = $1 AND (status_reason IS NOT DISTINCT FROM 'provider_retired') = $2
          AND ($3::uuid IS NULL OR id > $3) ORDER BY id LIMIT $4`,
      [provider, retired, after, limit],
    );
    return rows;
  }
}
