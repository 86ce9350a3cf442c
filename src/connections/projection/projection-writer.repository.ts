import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { rowSetOf, runSql } from '../../database';
import { EventLog } from '../../events';
import { CHANGE_TIME } from '../change-times';
import { Connection } from '../connection.entity';
import { ConnectionIdentity } from './connection-identity.entity';
import type { ProjectionChanges } from './projection-model';

const IDENTITY_COLUMNS = [
  'terraUserId',
  'connectionId',
  'referenceId',
  'provider',
  'cause',
  'firstSeenAt',
  'linkedAt',
  'supersededBy',
  'supersededAt',
  'endedAt',
  'endedCause',
] as const;

// The other columns belong to other writers, which do not take the locks of the projection.
const CONNECTION_COLUMNS = [
  'id',
  'terraUserId',
  'status',
  'statusReason',
  'statusAt',
  'scopes',
  'connectedAt',
  'disconnectedAt',
  'mergedInto',
  'updatedAt',
] as const;

const NEW_CONNECTION_COLUMNS = [
  ...CONNECTION_COLUMNS,
  'referenceId',
  'provider',
  'originTerraUserId',
  'provisionalCheckAt',
  'reconcileAt',
  'createdAt',
] as const;

/**
 * Writes the projection and its events, for callers that have the locks. The number of statements does not depend on that
 * of the rows.
 */
@Injectable()
export class ProjectionWriterRepository {
  constructor(private readonly events: EventLog) {}

  /** Writes the changed rows, in the order of their ids, so that two transactions with the same rows cannot deadlock. */
  async write(manager: EntityManager, changes: ProjectionChanges, now: Date): Promise<void> {
    const { inserted, updated, merged, identities, listedAgain, reconcile, events } = changes;
    if (inserted.length > 0) await this.insertConnections(manager, inserted);
    if (updated.length > 0) await this.updateConnections(manager, updated);
    if (identities.length > 0) await this.writeIdentities(manager, identities);
    if (merged.length > 0) await this.moveLinks(manager, merged);
    if (listedAgain.length > 0)
      await runSql(
        manager,
        `UPDATE terra_connect.connection_identities SET missing_since = NULL WHERE terra_user_id = ANY($1)`,
        [listedAgain],
      );
    if (reconcile.length > 0)
      await runSql(manager, `UPDATE terra_connect.connections SET reconcile_at = $2 WHERE id = ANY($1)`, [
        reconcile.map(({ id }) => id),
        now,
      ]);
    await this.events.append(manager, events);
  }

  private async insertConnections(manager: EntityManager, connections: Connection[]): Promise<void> {
    const { table, columns, select, values } = rowSetOf(
      manager,
      Connection,
      NEW_CONNECTION_COLUMNS,
      connections,
    );
    // A connection that was merged at once refers to another row of the same statement.
    await runSql(manager, `INSERT INTO ${table} (${columns.join(', ')}) ${select}`, values);
  }

  private async updateConnections(manager: EntityManager, connections: Connection[]): Promise<void> {
    const set = rowSetOf(manager, Connection, CONNECTION_COLUMNS, connections);
    const changes = set.columns.slice(1).map((column) => `${column} = changed.${column}`);
    await runSql(
      manager,
      `WITH changed AS MATERIALIZED (${set.select}), locked AS MATERIALIZED (
          SELECT id FROM ${set.table} WHERE id IN (SELECT id FROM changed) ORDER BY id FOR NO KEY UPDATE)
        UPDATE ${set.table} AS row SET ${changes.join(', ')} FROM changed JOIN locked USING (id)
          WHERE row.id = changed.id`,
      set.values,
    );
  }

  private async writeIdentities(manager: EntityManager, identities: ConnectionIdentity[]): Promise<void> {
    const { table, columns, select, values } = rowSetOf(
      manager,
      ConnectionIdentity,
      IDENTITY_COLUMNS,
      identities,
    );
    const changes = columns.slice(1).map((column) => `${column} = excluded.${column}`);
    await runSql(
      manager,
      `INSERT INTO ${table} (${columns.join(', ')}) ${select}
        ON CONFLICT (terra_user_id) DO UPDATE SET ${changes.join(', ')}`,
      values,
    );
  }

  /** Gives the links of merged connections to the connections that they were merged into. */
  private async moveLinks(manager: EntityManager, merged: Connection[]): Promise<void> {
    await runSql(
      manager,
      `WITH merged AS MATERIALIZED (SELECT id, merged_into, succeeds, succeeded_by, succeeded_at
          FROM terra_connect.connections WHERE id = ANY($1) AND (succeeds IS NOT NULL OR succeeded_by IS NOT NULL))
        UPDATE terra_connect.connections c SET updated_at = ${CHANGE_TIME},
          succeeds = coalesce((SELECT merged_into FROM merged m WHERE m.id = c.succeeds), c.succeeds,
            (SELECT m.succeeds FROM merged m WHERE m.merged_into = c.id AND m.succeeds IS NOT NULL LIMIT 1)),
          succeeded_by = coalesce((SELECT merged_into FROM merged m WHERE m.id = c.succeeded_by), c.succeeded_by,
            (SELECT m.succeeded_by FROM merged m WHERE m.merged_into = c.id AND m.succeeded_by IS NOT NULL LIMIT 1)),
          succeeded_at = coalesce(c.succeeded_at,
            (SELECT m.succeeded_at FROM merged m WHERE m.merged_into = c.id AND m.succeeded_at IS NOT NULL LIMIT 1))
        WHERE c.reference_id = ANY($2) AND (c.id IN (SELECT merged_into FROM merged)
          OR c.succeeds IN (SELECT id FROM merged) OR c.succeeded_by IN (SELECT id FROM merged))`,
      [merged.map(({ id }) => id), merged.map(({ referenceId }) => referenceId)],
    );
  }
}
