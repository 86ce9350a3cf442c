import { Injectable } from '@nestjs/common';
import { InjectDataSource, InjectRepository } from '@nestjs/typeorm';
import { DataSource, Not, Raw, Repository, In, type EntityManager } from 'typeorm';
import type { PersonIds } from '../connections';
import { afterCommit, runIn } from '../database';
import { isChange, type Action, type Correction } from './terra-diff';
import { SweepLeaseLostError } from './reconciliation.errors';
import { SweepFinding, type FindingOutcome } from './sweep-finding.entity';
import { Sweep } from './sweep.entity';

/** Terra may take ten seconds for a page, three times. */
export const LEASE_MS = 120_000;

const DELETE_PIECE = 20_000;

/** What a step adds to the sweep's counts. */
export interface SweepCounts {
  usersSeen?: number;
  unreadable?: number;
  changes?: number;
  applied?: number;
}

/** The SQL of sweeps: who may work on one, what it has seen, what it has found. */
@Injectable()
export class SweepRepository {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @InjectRepository(Sweep) private readonly sweeps: Repository<Sweep>,
    @InjectRepository(SweepFinding) private readonly findings: Repository<SweepFinding>,
  ) {}

  find(id: string): Promise<Sweep | null> {
    return this.sweeps.findOneBy({ id });
  }

  findLatest(where: Partial<Pick<Sweep, 'status' | 'dryRun'>>): Promise<Sweep | null> {
    return this.sweeps.findOne({ where, order: { id: 'DESC' } });
  }

  /** Newest first. */
  list(beforeId: string | undefined, limit: number): Promise<Sweep[]> {
    const query = this.sweeps.createQueryBuilder('sweep').orderBy('sweep.id', 'DESC').limit(limit);
    return (beforeId ? query.where('sweep.id < :beforeId', { beforeId }) : query).getMany();
  }

  async insert(sweep: Sweep): Promise<void> {
    await this.sweeps.insert(sweep);
  }

  /** Takes a sweep that waits for somebody to work on it, or whose worker has fallen silent. */
  async claim(owner: string, now: Date): Promise<Sweep | null> {
    const result = await this.sweeps
      .createQueryBuilder()
      .update()
      .set({ leaseOwner: owner, leaseUntil: leaseFrom(now), updatedAt: now })
      .where(`status = 'running' AND lease_until <= :now`, { now })
      .returning('id')
      .execute();
    const [row] = result.raw as { id: string }[];
    return row ? this.find(row.id) : null;
  }

  /** Sets a sweep that is not running on its way again, unless it has changed since it was read. */
  async resume(sweep: Sweep, change: Partial<Sweep>): Promise<boolean> {
    const { id, status } = sweep;
    const running = { status: 'running' as const, errorCode: null, finishedAt: null };
    const { affected } = await this.sweeps.update({ id, status }, { ...running, ...change });
    return affected === 1;
  }

  /**
   * Says that we are still at it, and writes down how far. In the transaction of each step, so that a process that was
   * thought dead cannot do a step twice.
   *
   * @throws SweepLeaseLostError
   */
  async advance(
    manager: EntityManager,
    sweep: Sweep,
    now: Date,
    change: Partial<Sweep> = {},
    counts: SweepCounts = {},
  ): Promise<void> {
    const { usersSeen = 0, unreadable = 0, changes = 0, applied = 0 } = counts;
    const next: Partial<Sweep> = {
      ...change,
      usersSeen: sweep.usersSeen + usersSeen,
      unreadable: sweep.unreadable + unreadable,
      changes: sweep.changes + changes,
      applied: sweep.applied + applied,
      leaseUntil: leaseFrom(now),
      updatedAt: now,
    };
    const mine = { id: sweep.id, status: 'running' as const, leaseOwner: sweep.leaseOwner ?? undefined };
    const { affected } = await manager.update(Sweep, mine, next);
    if (affected !== 1) throw new SweepLeaseLostError();
    // Not before: the step may be rolled back, and done once more.
    afterCommit(manager, () => Object.assign(sweep, next));
  }

  /** Gives it back before the lease has run out. */
  async release(manager: EntityManager, { id, leaseOwner }: Sweep, now: Date): Promise<void> {
    const mine = { id, leaseOwner: leaseOwner ?? undefined };
    await manager.update(Sweep, mine, { leaseOwner: null, leaseUntil: now });
  }

  /** @returns how many of them had not been seen yet: people move between pages while these are read */
  async addSeen(manager: EntityManager, sweepId: string, terraUserIds: string[]): Promise<number> {
    const rows = await runIn<{ id: string }>(
      manager,
      `INSERT INTO terra_connect.sweep_seen (sweep_id, terra_user_id)
        SELECT $1, unnest($2::text[]) ON CONFLICT DO NOTHING RETURNING terra_user_id AS id`,
      [sweepId, terraUserIds],
    );
    return rows.length;
  }

  /** Those of the given Terra users whom no page has named. */
  async unseen(manager: EntityManager, sweepId: string, terraUserIds: string[]): Promise<string[]> {
    const rows = await runIn<{ id: string }>(
      manager,
      `SELECT wanted.id FROM unnest($2::text[]) AS wanted (id) WHERE NOT EXISTS
        (SELECT FROM terra_connect.sweep_seen WHERE sweep_id = $1 AND terra_user_id = wanted.id)`,
      [sweepId, terraUserIds],
    );
    return rows.map(({ id }) => id);
  }

  /** @returns how many of them are changes that had not been found yet */
  async addFindings(
    manager: EntityManager,
    sweepId: string,
    found: { correction: Correction; observed: unknown; observedAt: Date }[],
  ): Promise<number> {
    if (found.length === 0) return 0;
    const rows = found.map(({ correction, observed, observedAt }) => ({
      id: correction.terraUserId,
      action: correction.action,
      reference_id: correction.referenceId,
      connection_id: correction.connectionId,
      observed,
      observed_at: observedAt,
    }));
    const added = await runIn<{ action: Action }>(
      manager,
      `INSERT INTO terra_connect.sweep_findings
          (sweep_id, terra_user_id, action, reference_id, connection_id, observed, observed_at)
        SELECT $1, id, action, reference_id, connection_id, observed, observed_at
          FROM jsonb_to_recordset($2::jsonb) AS found (id text, action text, reference_id text, connection_id uuid,
            observed jsonb, observed_at timestamptz)
        ON CONFLICT DO NOTHING RETURNING action`,
      [sweepId, JSON.stringify(rows)],
    );
    return added.filter(({ action }) => isChange(action)).length;
  }

  /** The next findings that are to be applied. */
  openFindings(sweepId: string, actions: readonly Action[], limit: number): Promise<SweepFinding[]> {
    return this.findings
      .createQueryBuilder('finding')
      .where('finding.sweep_id = :sweepId AND finding.settled_at IS NULL', { sweepId })
      .andWhere('finding.action IN (:...actions)', { actions })
      .orderBy('finding.terra_user_id')
      .limit(limit)
      .getMany();
  }

  async settle(
    manager: EntityManager,
    findings: SweepFinding[],
    outcome: FindingOutcome,
    now: Date,
  ): Promise<void> {
    for (const { sweepId, terraUserId, action } of findings) {
      await manager.update(SweepFinding, { sweepId, terraUserId, action }, { outcome, settledAt: now });
    }
  }

  /** The first findings, by action and Terra user. */
  listFindings(sweepId: string, limit: number): Promise<SweepFinding[]> {
    return this.findings.find({
      where: { sweepId },
      order: { action: 'ASC', terraUserId: 'ASC' },
      take: limit,
    });
  }

  async countFindings(sweepId: string): Promise<Partial<Record<Action, number>>> {
    const rows = await this.findings
      .createQueryBuilder('finding')
      .select('finding.action', 'action')
      .addSelect('count(*)::int', 'count')
      .where({ sweepId })
      .groupBy('finding.action')
      .getRawMany<{ action: Action; count: number }>();
    return Object.fromEntries(rows.map(({ action, count }) => [action, count]));
  }

  /** Sweeps that were held before this one have nothing to say any more. */
  async overtakeHeld(manager: EntityManager, { id }: Sweep): Promise<void> {
    await manager
      .createQueryBuilder()
      .update(Sweep)
      .set({ status: 'overtaken' })
      .where(`status = 'awaiting_approval' AND id < :id`, { id })
      .execute();
  }

  /** Removes what ended sweeps have seen, and sweeps from before `keepFrom`; a million rows piece by piece. */
  async clear(keepFrom: Date): Promise<void> {
    const ended = `SELECT id FROM terra_connect.sweeps WHERE status IN ('completed', 'overtaken')
      OR (status = 'failed' AND id < (SELECT max(id::text)::uuid FROM terra_connect.sweeps))`;
    const old = `SELECT id FROM terra_connect.sweeps WHERE status <> 'running' AND started_at < $1`;
    await this.deletePieces(`terra_connect.sweep_seen`, `sweep_id IN (${ended})`, []);
    await this.deletePieces(`terra_connect.sweep_findings`, `sweep_id IN (${old})`, [keepFrom]);
    await this.dataSource.query(`DELETE FROM terra_connect.sweeps WHERE id IN (${old})`, [keepFrom]);
  }

  private async deletePieces(table: string, condition: string, values: unknown[]): Promise<void> {
    for (let removed = DELETE_PIECE; removed === DELETE_PIECE;) {
      [, removed] = await this.dataSource.query<[unknown, number]>(
        `DELETE FROM ${table} WHERE ctid = ANY
          (ARRAY(SELECT ctid FROM ${table} WHERE ${condition} LIMIT ${DELETE_PIECE}))`,
        values,
      );
    }
  }

  isRunning(manager: EntityManager): Promise<boolean> {
    return manager.existsBy(Sweep, { status: 'running' });
  }

  findingsOf(manager: EntityManager, { terraUserIds }: PersonIds): Promise<SweepFinding[]> {
    const where = { terraUserId: In(terraUserIds) };
    return manager.find(SweepFinding, {
      where,
      order: { sweepId: 'ASC', terraUserId: 'ASC', action: 'ASC' },
    });
  }

  /** Takes a person out of all that sweeps have written down. @returns how many findings were deleted */
  async forget(manager: EntityManager, { referenceId, terraUserIds }: PersonIds): Promise<number> {
    const terraUserId = In(terraUserIds);
    // Terra may have listed somebody else's Terra user under this reference.
    const observed = Raw((column) => `${column} ->> 'referenceId' = :referenceId`, { referenceId });
    const { affected } = await manager.delete(SweepFinding, [{ terraUserId }, { referenceId }, { observed }]);
    await runIn(manager, 'DELETE FROM terra_connect.sweep_seen WHERE terra_user_id = ANY($1)', [
      terraUserIds,
    ]);
    // Where an ended sweep stood. One that failed, and is resumed, compares from the start.
    const place = { diffAfter: In(terraUserIds), status: Not('running' as const) };
    await manager.update(Sweep, place, { diffAfter: null });
    return affected ?? 0;
  }

  /** How a sweep stands that waits for a person, and when one was last completed; for the metrics. */
  async readGauges(): Promise<{ held: number; completedAt: Date | null }> {
    const held = await this.sweeps.countBy({ status: 'awaiting_approval' });
    const latest = await this.findLatest({ status: 'completed', dryRun: false });
    return { held, completedAt: latest?.finishedAt ?? null };
  }
}

function leaseFrom(now: Date): Date {
  return new Date(now.getTime() + LEASE_MS);
}
