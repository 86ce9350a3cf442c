import { Injectable } from '@nestjs/common';
import { InjectDataSource, InjectRepository } from '@nestjs/typeorm';
import { Any, DataSource, In, IsNull, MoreThan, Repository, type EntityManager } from 'typeorm';
import { runIn } from '../database';
import { ConnectionIdentity } from './projection/connection-identity.entity';
import { LIVE_STATUSES } from './connection-status';
import { Connection } from './connection.entity';

/** Terra ought to list these: nobody has asked for their end. */
const LISTED_STATUSES = ['active', 'needs_reauth'] as const;

const LIVE = `merged_into IS NULL AND status IN ('active', 'needs_reauth', 'disconnecting')`;

/** The SQL of comparing connections with Terra's lists. */
@Injectable()
export class ReconcileTargetsRepository {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @InjectRepository(Connection) private readonly connections: Repository<Connection>,
  ) {}

  identities(manager: EntityManager, terraUserIds: string[]): Promise<ConnectionIdentity[]> {
    return manager.findBy(ConnectionIdentity, { terraUserId: Any(terraUserIds) });
  }

  connectionsById(ids: string[]): Promise<Connection[]> {
    return this.connections.findBy({ id: Any(ids) });
  }

  /** In the order of their Terra users; those that follow the given one. */
  listExpectedAfter(terraUserId: string, limit: number): Promise<Connection[]> {
    return this.connections.find({
      where: { terraUserId: MoreThan(terraUserId), mergedInto: IsNull(), status: In(LISTED_STATUSES) },
      order: { terraUserId: 'ASC' },
      take: limit,
    });
  }

  listExpectedOf(referenceId: string): Promise<Connection[]> {
    return this.connections.findBy({ referenceId, mergedInto: IsNull(), status: In(LISTED_STATUSES) });
  }

  async takeDue(now: Date, leaseUntil: Date, limit: number): Promise<string[]> {
    const [rows] = await this.dataSource.query<[{ referenceId: string }[], number]>(
      `UPDATE terra_connect.connections SET reconcile_at = $2
        WHERE ${LIVE} AND reconcile_at <= $1 AND reference_id IN
          (SELECT reference_id FROM terra_connect.connections WHERE ${LIVE} AND reconcile_at <= $1
            GROUP BY reference_id ORDER BY min(reconcile_at) LIMIT $3)
        RETURNING reference_id AS "referenceId"`,
      [now, leaseUntil, limit],
    );
    return [...new Set(rows.map(({ referenceId }) => referenceId))];
  }

  async expediteQuiet(now: Date, quietSince: Date): Promise<number> {
    const [, count] = await this.dataSource.query<[unknown, number]>(
      `UPDATE terra_connect.connections SET reconcile_at = $1 WHERE merged_into IS NULL AND status = 'active'
        AND last_data_at < $2 AND reconcile_at > $1
        AND (reconciled_at IS NULL OR reconciled_at < last_data_at + ($1::timestamptz - $2::timestamptz))`,
      [now, quietSince],
    );
    return count;
  }

  async markMissing(manager: EntityManager, terraUserIds: string[], at: Date): Promise<void> {
    await manager.update(
      ConnectionIdentity,
      { terraUserId: In(terraUserIds), missingSince: IsNull() },
      { missingSince: at },
    );
  }

  async markSeen(manager: EntityManager, terraUserIds: string[]): Promise<void> {
    await runIn(
      manager,
      `UPDATE terra_connect.connection_identities SET missing_since = NULL
        WHERE terra_user_id = ANY($1) AND missing_since IS NOT NULL`,
      [terraUserIds],
    );
  }

  async markReconciled(manager: EntityManager, referenceId: string, at: Date, next: Date): Promise<void> {
    const which = { referenceId, mergedInto: IsNull(), status: In([...LIVE_STATUSES]) };
    await manager.update(Connection, which, { reconciledAt: at, reconcileAt: next });
  }

  /** As soon as that; a time that is sooner already stays. */
  async expedite(manager: EntityManager, terraUserIds: string[], at: Date): Promise<void> {
    await runIn(
      manager,
      `UPDATE terra_connect.connections SET reconcile_at = least(reconcile_at, $2)
        WHERE ${LIVE} AND terra_user_id = ANY($1)`,
      [terraUserIds, at],
    );
  }

  async countMissing(endedSince: Date): Promise<number> {
    const [row] = await this.dataSource.query<{ count: number }[]>(
      `SELECT count(*)::int AS count FROM terra_connect.connection_identities
        WHERE missing_since IS NOT NULL AND superseded_by IS NULL
          AND NOT EXISTS (SELECT FROM terra_connect.connections c WHERE c.id = connection_id AND c.status = 'moved')
          AND (ended_at IS NULL OR (ended_cause = 'absent' AND ended_at > $1))`,
      [endedSince],
    );
    return row?.count ?? 0;
  }

  countLive(): Promise<number> {
    return this.connections.countBy({ mergedInto: IsNull(), status: In([...LIVE_STATUSES]) });
  }
}
