import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, In, IsNull, Not, Raw, type EntityManager } from 'typeorm';
import { Clock } from '../common';
import { runSql, type DataSubject } from '../database';
import { SweepFinding, type FindingOutcome } from './sweep-finding.entity';
import { Sweep } from './sweep.entity';
import { isChange, type Action, type Correction } from './terra-diff';

/** A correction that a sweep found, with what Terra said. */
export interface FoundCorrection {
  correction: Correction;
  observed: unknown;
  observedAt: Date;
}

/** The SQL of the Terra users that a sweep has seen, and of its findings. */
@Injectable()
export class SweepFindingRepository {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly clock: Clock,
  ) {}

  /** @returns how many were new; a user may be on two pages, because pages shift during the reading */
  async addSeen(manager: EntityManager, sweepId: string, terraUserIds: string[]): Promise<number> {
    const { count } = await runSql(
      manager,
      `INSERT INTO terra_connect.sweep_seen (sweep_id, terra_user_id)
        SELECT $1, unnest($2::text[]) ON CONFLICT DO NOTHING`,
      [sweepId, terraUserIds],
    );
    return count;
  }

  /** The Terra users among `terraUserIds` that no page has listed. */
  async unseen(manager: EntityManager, sweepId: string, terraUserIds: string[]): Promise<string[]> {
    const { rows } = await runSql<{ id: string }>(
      manager,
      `SELECT wanted.id FROM unnest($2::text[]) AS wanted (id) WHERE NOT EXISTS
        (SELECT FROM terra_connect.sweep_seen WHERE sweep_id = $1 AND terra_user_id = wanted.id)`,
      [sweepId, terraUserIds],
    );
    return rows.map(({ id }) => id);
  }

  /** @returns how many of the findings are new and change something */
  async add(manager: EntityManager, sweepId: string, found: FoundCorrection[]): Promise<number> {
    if (found.length === 0) return 0;
    const values = found.map(({ correction, observed, observedAt }) => ({
      id: correction.terraUserId,
      action: correction.action,
      reference_id: correction.referenceId,
      connection_id: correction.connectionId,
      observed,
      observed_at: observedAt,
    }));
    const { rows } = await runSql<{ action: Action }>(
      manager,
      `INSERT INTO terra_connect.sweep_findings
          (sweep_id, terra_user_id, action, reference_id, connection_id, observed, observed_at)
        SELECT $1, id, action, reference_id, connection_id, observed, observed_at
          FROM jsonb_to_recordset($2::jsonb) AS found (id text, action text, reference_id text, connection_id uuid,
            observed jsonb, observed_at timestamptz)
        ON CONFLICT DO NOTHING RETURNING action`,
      [sweepId, JSON.stringify(values)],
    );
    return rows.filter(({ action }) => isChange(action)).length;
  }

  /** The next findings that have one of the actions and no outcome yet. */
  listOpen(sweepId: string, actions: readonly Action[], limit: number): Promise<SweepFinding[]> {
    return this.dataSource.manager.find(SweepFinding, {
      where: { sweepId, settledAt: IsNull(), action: In(actions) },
      order: { terraUserId: 'ASC' },
      take: limit,
    });
  }

  async recordOutcome(
    manager: EntityManager,
    findings: SweepFinding[],
    outcome: FindingOutcome,
  ): Promise<void> {
    const settledAt = this.clock.now();
    for (const { sweepId, terraUserId, action } of findings)
      await manager.update(SweepFinding, { sweepId, terraUserId, action }, { outcome, settledAt });
  }

  /** The first findings, by action and Terra user. */
  list(sweepId: string, limit: number): Promise<SweepFinding[]> {
    return this.dataSource.manager.find(SweepFinding, {
      where: { sweepId },
      order: { action: 'ASC', terraUserId: 'ASC' },
      take: limit,
    });
  }

  async countByAction(sweepId: string): Promise<Partial<Record<Action, number>>> {
    const { rows } = await runSql<{ action: Action; count: number }>(
      this.dataSource,
      `SELECT action, count(*)::int AS count FROM terra_connect.sweep_findings WHERE sweep_id = $1 GROUP BY action`,
      [sweepId],
    );
    return Object.fromEntries(rows.map(({ action, count }) => [action, count]));
  }

  listOf(manager: EntityManager, { terraUserIds }: DataSubject): Promise<SweepFinding[]> {
    return manager.find(SweepFinding, {
      where: { terraUserId: In(terraUserIds) },
      order: { sweepId: 'ASC', terraUserId: 'ASC', action: 'ASC' },
    });
  }

  /** Removes an end user from everything that sweeps stored. @returns how many findings were deleted */
  async erase(manager: EntityManager, { referenceId, terraUserIds }: DataSubject): Promise<number> {
    const terraUserId = In(terraUserIds);
    // Terra may have listed another end user's Terra user under this reference.
    const observed = Raw((column) => `${column} ->> 'referenceId' = :referenceId`, { referenceId });
    const { affected } = await manager.delete(SweepFinding, [{ terraUserId }, { referenceId }, { observed }]);
    await runSql(manager, 'DELETE FROM terra_connect.sweep_seen WHERE terra_user_id = ANY($1)', [
      terraUserIds,
    ]);
    // A stopped sweep may hold one of the ids as its position. Without a position, it starts its diff again.
    const place = { diffAfter: In(terraUserIds), status: Not('running' as const) };
    await manager.update(Sweep, place, { diffAfter: null });
    return affected ?? 0;
  }
}
