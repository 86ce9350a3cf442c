import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { Any, DataSource, In, IsNull, MoreThan, Not, type EntityManager } from 'typeorm';
import { runSql } from '../database';
import { LIVE_STATUSES } from './connection-status';
import { Connection } from './connection.entity';
import { ConnectionIdentity } from './projection/connection-identity.entity';

/** A Terra user that the service knows. */
export interface KnownTerraUser {
  identity: ConnectionIdentity;
  /** null while no fact names the owner. */
  connection: Connection | null;
}

// Terra's lists should contain the Terra users of these connections, because their end was not requested.
const EXPECTED_STATUSES = ['active', 'needs_reauth'] as const;
const LIVE = `merged_into IS NULL AND status IN ('active', 'needs_reauth', 'disconnecting')`;

/** Reads and stores when connections are due for a reconcile, and which Terra users Terra's lists lack. */
@Injectable()
export class ReconcileTargetsRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** Known Terra users among `terraUserIds`, by id. */
  async findKnown(terraUserIds: string[]): Promise<Map<string, KnownTerraUser>> {
    const identities = await this.identities(terraUserIds);
    const ids = new Set(identities.flatMap(({ connectionId }) => connectionId ?? []));
    const connections = await this.dataSource.manager.findBy(Connection, { id: Any([...ids]) });
    return joined(identities, connections);
  }

  /**
   * The Terra users that Terra's lists should contain, ordered by id.
   *
   * @param after the last id of the previous page; null for the first page
   */
  async listExpectedAfter(after: string | null, limit: number): Promise<KnownTerraUser[]> {
    const connections = await this.dataSource.manager.find(Connection, {
      where: { terraUserId: MoreThan(after ?? ''), mergedInto: IsNull(), status: In(EXPECTED_STATUSES) },
      order: { terraUserId: 'ASC' },
      take: limit,
    });
    const identities = await this.identities(connections.map(({ terraUserId }) => terraUserId));
    const known = joined(identities, connections);
    return connections.flatMap(({ terraUserId }) => known.get(terraUserId) ?? []);
  }

  /** The Terra users of one end user that Terra's lists should contain. */
  async listExpectedOf(referenceId: string): Promise<string[]> {
    const expected = { referenceId, mergedInto: IsNull(), status: In(EXPECTED_STATUSES) };
    const connections = await this.dataSource.manager.findBy(Connection, expected);
    return connections.map(({ terraUserId }) => terraUserId);
  }

  /** Takes end users whose connections are due, the longest overdue first. Other processes wait until `leaseUntil`. */
  async takeDue(now: Date, leaseUntil: Date, limit: number): Promise<string[]> {
    const { rows } = await runSql<{ referenceId: string }>(
      this.dataSource,
      `UPDATE terra_connect.connections SET reconcile_at = $2
        WHERE ${LIVE} AND reconcile_at <= $1 AND reference_id IN
          (SELECT reference_id FROM terra_connect.connections WHERE ${LIVE} AND reconcile_at <= $1
            GROUP BY reference_id ORDER BY min(reconcile_at) LIMIT $3)
        RETURNING reference_id AS "referenceId"`,
      [now, leaseUntil, limit],
    );
    return [...new Set(rows.map(({ referenceId }) => referenceId))];
  }

  /** Makes connections due that have had no data since `quietSince`, once per quiet period. @returns how many */
  async reconcileQuiet(now: Date, quietSince: Date): Promise<number> {
    const { count } = await runSql(
      this.dataSource,
      `UPDATE terra_connect.connections SET reconcile_at = $1 WHERE merged_into IS NULL AND status = 'active'
        AND last_data_at < $2 AND reconcile_at > $1
        AND (reconciled_at IS NULL OR reconciled_at < last_data_at + ($1::timestamptz - $2::timestamptz))`,
      [now, quietSince],
    );
    return count;
  }

  /** Moves the next reconcile of these Terra users to `at` if it is later. */
  async reconcileBy(manager: EntityManager, terraUserIds: string[], at: Date): Promise<void> {
    await runSql(
      manager,
      `UPDATE terra_connect.connections SET reconcile_at = least(reconcile_at, $2)
        WHERE ${LIVE} AND terra_user_id = ANY($1)`,
      [terraUserIds, at],
    );
  }

  async markReconciled(manager: EntityManager, referenceId: string, at: Date, next: Date): Promise<void> {
    const which = { referenceId, mergedInto: IsNull(), status: In([...LIVE_STATUSES]) };
    await manager.update(Connection, which, { reconciledAt: at, reconcileAt: next });
  }

  /** Records that Terra's list lacks these Terra users. The time of the first such list in a row stays. */
  async markMissing(manager: EntityManager, terraUserIds: string[], at: Date): Promise<void> {
    await manager.update(
      ConnectionIdentity,
      { terraUserId: In(terraUserIds), missingSince: IsNull() },
      { missingSince: at },
    );
  }

  async markSeen(manager: EntityManager, terraUserIds: string[]): Promise<void> {
    await runSql(
      manager,
      `UPDATE terra_connect.connection_identities SET missing_since = NULL
        WHERE terra_user_id = ANY($1) AND missing_since IS NOT NULL`,
      [terraUserIds],
    );
  }

  /** Records that Terra calls these Terra users inactive. The time of the first such list in a row stays. */
  async markInactive(manager: EntityManager, terraUserIds: string[], at: Date): Promise<void> {
    await manager.update(
      ConnectionIdentity,
      { terraUserId: In(terraUserIds), inactiveSince: IsNull() },
      { inactiveSince: at },
    );
  }

  /** Forgets that Terra called these Terra users inactive. */
  async clearInactive(manager: EntityManager, terraUserIds: string[]): Promise<void> {
    await manager.update(
      ConnectionIdentity,
      { terraUserId: In(terraUserIds), inactiveSince: Not(IsNull()) },
      { inactiveSince: null },
    );
  }

  /** How many Terra users are missing now, or have ended as absent after `endedSince`. */
  async countMissing(endedSince: Date): Promise<number> {
    const { rows } = await runSql<{ count: number }>(
      this.dataSource,
      `SELECT count(*)::int AS count FROM terra_connect.connection_identities
        WHERE missing_since IS NOT NULL AND superseded_by IS NULL
          AND NOT EXISTS (SELECT FROM terra_connect.connections c WHERE c.id = connection_id AND c.status = 'moved')
          AND (ended_at IS NULL OR (ended_cause = 'absent' AND ended_at > $1))`,
      [endedSince],
    );
    return rows[0]?.count ?? 0;
  }

  countLive(): Promise<number> {
    const live = { mergedInto: IsNull(), status: In([...LIVE_STATUSES]) };
    return this.dataSource.manager.countBy(Connection, live);
  }

  private identities(terraUserIds: string[]): Promise<ConnectionIdentity[]> {
    return this.dataSource.manager.findBy(ConnectionIdentity, { terraUserId: Any(terraUserIds) });
  }
}

function joined(identities: ConnectionIdentity[], connections: Connection[]): Map<string, KnownTerraUser> {
  const byId = new Map(connections.map((connection) => [connection.id, connection]));
  return new Map(
    identities.map((identity) => [
      identity.terraUserId,
      { identity, connection: byId.get(identity.connectionId ?? '') ?? null },
    ]),
  );
}
