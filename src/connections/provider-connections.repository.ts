import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { columnsOf, runSql } from '../database';
import { Connection } from './connection.entity';

type ProviderConnection = Pick<Connection, 'id' | 'terraUserId'>;

const IN_USE = `merged_into IS NULL AND status IN ('active', 'needs_reauth')`;
// $1: the provider; $2: its successors. An end user has also moved who connected a successor without a reconnect session.
const MOVED = `(c.succeeded_by IS NOT NULL OR EXISTS (SELECT FROM terra_connect.connections s
  WHERE s.reference_id = c.reference_id AND s.provider = ANY($2) AND s.merged_into IS NULL AND s.status = 'active'))`;

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

  /** How many connections of a provider have moved to a successor, and how many are in use and have not. */
  async countMoved(provider: string, successors: string[]): Promise<{ moved: number; notMoved: number }> {
    const { rows } = await runSql<{ moved: number; notMoved: number }>(
      this.dataSource,
      `SELECT count(*) FILTER (WHERE moved)::int AS moved, count(*) FILTER (WHERE used AND NOT moved)::int AS "notMoved"
        FROM (SELECT ${MOVED} AS moved, ${IN_USE} AS used FROM terra_connect.connections c
          WHERE provider = $1 AND merged_into IS NULL AND provisional_check_at IS NULL) AS all_of_them`,
      [provider, successors],
    );
    return rows[0] ?? { moved: 0, notMoved: 0 };
  }

  /** The connections in use that have not moved, newest first. */
  async listNotMoved(
    provider: string,
    successors: string[],
    beforeId: string | null,
    limit: number,
  ): Promise<Connection[]> {
    const { rows } = await runSql<Connection>(
      this.dataSource,
      `SELECT ${columnsOf(this.dataSource, Connection)} FROM terra_connect.connections c
        WHERE provider = $1 AND ${IN_USE} AND provisional_check_at IS NULL AND NOT ${MOVED} AND ($3::uuid IS NULL OR id < $3)
        ORDER BY id DESC LIMIT $4`,
      [provider, successors, beforeId, limit],
    );
    return rows;
  }
}
