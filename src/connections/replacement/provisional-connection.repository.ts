import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { columnsOf, runSql } from '../../database';
import { CHANGE_TIME } from '../change-times';
import { Connection } from '../connection.entity';
import { ConnectionIdentity } from '../projection/connection-identity.entity';

/** A provisional connection, with everything that the service stores about its connection key. */
export interface ProvisionalConnection {
  connection: Connection;
  identities: ConnectionIdentity[];
  connections: Connection[];
}

/** The SQL of provisional connections. Only the projector makes a connection provisional. */
@Injectable()
export class ProvisionalConnectionRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** Takes provisional connections that are due, and postpones their next check to `leaseUntil`. */
  async takeDue(now: Date, leaseUntil: Date, limit: number): Promise<string[]> {
    const { rows } = await runSql<{ id: string }>(
      this.dataSource,
      `WITH due AS MATERIALIZED (SELECT id FROM terra_connect.connections WHERE provisional_check_at <= $1
          ORDER BY provisional_check_at LIMIT $3 FOR UPDATE SKIP LOCKED)
        UPDATE terra_connect.connections SET provisional_check_at = $2 WHERE id IN (SELECT id FROM due) RETURNING id`,
      [now, leaseUntil, limit],
    );
    return rows.map(({ id }) => id);
  }

  /** Keeps the worker away from the connection until `leaseUntil`, because a callback checks it. */
  async lease(id: string, leaseUntil: Date): Promise<void> {
    await runSql(
      this.dataSource,
      `UPDATE terra_connect.connections SET provisional_check_at = $2
        WHERE id = $1 AND provisional_check_at IS NOT NULL`,
      [id, leaseUntil],
    );
  }

  /** @returns null if the connection is not provisional any more, or was merged into another */
  async read(id: string): Promise<ProvisionalConnection | null> {
    const { rows: connections } = await runSql<Connection>(
      this.dataSource,
      `SELECT ${columnsOf(this.dataSource, Connection)} FROM terra_connect.connections
        WHERE (reference_id, provider) = (SELECT reference_id, provider FROM terra_connect.connections
          WHERE id = $1 AND provisional_check_at IS NOT NULL AND merged_into IS NULL)`,
      [id],
    );
    const connection = connections.find((one) => one.id === id);
    if (!connection) return null;
    const { rows: identities } = await runSql<ConnectionIdentity>(
      this.dataSource,
      `SELECT ${columnsOf(this.dataSource, ConnectionIdentity)} FROM terra_connect.connection_identities
        WHERE reference_id = $1 AND provider = $2`,
      [connection.referenceId, connection.provider],
    );
    return { connection, identities, connections };
  }

  async terraUsersOf(manager: EntityManager, connectionId: string): Promise<string[]> {
    const identities = await manager.findBy(ConnectionIdentity, { connectionId });
    return identities.map(({ terraUserId }) => terraUserId);
  }

  /**
   * Makes the connection visible. The caller has locked its Terra users.
   *
   * @returns the connection; null if it was not provisional
   */
  async announce(manager: EntityManager, id: string): Promise<Connection | null> {
    const { rows } = await runSql<Connection>(
      manager,
      `UPDATE terra_connect.connections SET provisional_check_at = NULL, updated_at = ${CHANGE_TIME}
        WHERE id = $1 AND provisional_check_at IS NOT NULL RETURNING ${columnsOf(manager, Connection)}`,
      [id],
    );
    return rows[0] ?? null;
  }
}
