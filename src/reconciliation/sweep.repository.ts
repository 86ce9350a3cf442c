import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, LessThan, type EntityManager } from 'typeorm';
import { Clock } from '../common';
import { afterCommit, columnsOf, runSql } from '../database';
import { SweepLeaseLostError } from './reconciliation.errors';
import { Sweep } from './sweep.entity';

// Longer than a page takes: at most ten seconds, with its repetitions.
const LEASE_MS = 120_000;
const KEEP_MS = 90 * 86_400_000;
const DELETE_BATCH = 20_000;

/** What a step adds to the sweep's counts. */
export interface SweepCounts {
  usersSeen?: number;
  unreadable?: number;
  changes?: number;
  applied?: number;
}

/** The SQL of sweeps: their progress, and the lease of the process that works on a sweep. */
@Injectable()
export class SweepRepository {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly clock: Clock,
  ) {}

  find(id: string): Promise<Sweep | null> {
    return this.dataSource.manager.findOneBy(Sweep, { id });
  }

  findLatest(where: Partial<Pick<Sweep, 'status' | 'dryRun'>>): Promise<Sweep | null> {
    return this.dataSource.manager.findOne(Sweep, { where, order: { id: 'DESC' } });
  }

  /** Lists sweeps, newest first. */
  list(beforeId: string | undefined, limit: number): Promise<Sweep[]> {
    const where = beforeId === undefined ? {} : { id: LessThan(beforeId) };
    return this.dataSource.manager.find(Sweep, { where, order: { id: 'DESC' }, take: limit });
  }

  async insert(sweep: Sweep): Promise<void> {
    await this.dataSource.manager.insert(Sweep, sweep);
  }

  /** The lease of `owner` from now on. Without an owner, any process may take the sweep at once. */
  lease(owner: string | null): Pick<Sweep, 'leaseOwner' | 'leaseUntil' | 'updatedAt'> {
    const now = this.clock.now();
    const leaseUntil = owner === null ? now : new Date(now.getTime() + LEASE_MS);
    return { leaseOwner: owner, leaseUntil, updatedAt: now };
  }

  /** Takes a running sweep whose lease has ended: no process has started it yet, or its process died. */
  async claim(owner: string): Promise<Sweep | null> {
    const { leaseUntil, updatedAt: now } = this.lease(owner);
    const { rows } = await runSql<Sweep>(
      this.dataSource,
      `UPDATE terra_connect.sweeps SET lease_owner = $1, lease_until = $2, updated_at = $3
        WHERE status = 'running' AND lease_until <= $3 RETURNING ${columnsOf(this.dataSource, Sweep)}`,
      [owner, leaseUntil, now],
    );
    return rows[0] ?? null;
  }

  /** Resumes a sweep that is not running. @returns false if its status has changed since it was read */
  async resume(sweep: Sweep, change: Partial<Sweep>): Promise<boolean> {
    const { id, status } = sweep;
    const running = { status: 'running' as const, errorCode: null, finishedAt: null };
    const { affected } = await this.dataSource.manager.update(
      Sweep,
      { id, status },
      { ...running, ...change },
    );
    return affected === 1;
  }

  /**
   * Stores the progress of a step and renews the lease. It runs in the step's transaction, so that a process that lost
   * its lease cannot commit the step.
   *
   * @throws SweepLeaseLostError
   */
  async advance(
    manager: EntityManager,
    sweep: Sweep,
    change: Partial<Sweep> = {},
    counts: SweepCounts = {},
  ): Promise<void> {
    const { usersSeen = 0, unreadable = 0, changes = 0, applied = 0 } = counts;
    const { leaseUntil, updatedAt } = this.lease(sweep.leaseOwner);
    const next: Partial<Sweep> = {
      ...change,
      usersSeen: sweep.usersSeen + usersSeen,
      unreadable: sweep.unreadable + unreadable,
      changes: sweep.changes + changes,
      applied: sweep.applied + applied,
      leaseUntil,
      updatedAt,
    };
    const mine = { id: sweep.id, status: 'running' as const, leaseOwner: sweep.leaseOwner ?? undefined };
    const { affected } = await manager.update(Sweep, mine, next);
    if (affected !== 1) throw new SweepLeaseLostError();
    // Changes `sweep` only after the commit, because the step may be rolled back and repeated.
    afterCommit(manager, () => Object.assign(sweep, next));
  }

  /** Stores the last step of a sweep. @throws SweepLeaseLostError */
  finish(
    manager: EntityManager,
    sweep: Sweep,
    change: Partial<Sweep> & Pick<Sweep, 'status'>,
  ): Promise<void> {
    return this.advance(manager, sweep, { ...change, finishedAt: this.clock.now() });
  }

  /** Gives the lease back early, so that another process continues at once. */
  async release(manager: EntityManager, { id, leaseOwner }: Sweep): Promise<void> {
    const mine = { id, leaseOwner: leaseOwner ?? undefined };
    await manager.update(Sweep, mine, { leaseOwner: null, leaseUntil: this.clock.now() });
  }

  /** Marks earlier sweeps that await approval as overtaken. */
  async overtakeEarlier(manager: EntityManager, { id }: Sweep): Promise<void> {
    const earlier = { status: 'awaiting_approval' as const, id: LessThan(id) };
    await manager.update(Sweep, earlier, { status: 'overtaken' });
  }

  isRunning(manager: EntityManager): Promise<boolean> {
    return manager.existsBy(Sweep, { status: 'running' });
  }

  /** Deletes, in batches, the seen users of sweeps that will not resume, and sweeps older than three months. */
  async clear(): Promise<void> {
    const keepFrom = new Date(this.clock.now().getTime() - KEEP_MS);
    const ended = `SELECT id FROM terra_connect.sweeps WHERE status IN ('completed', 'overtaken')
      OR (status = 'failed' AND id < (SELECT max(id::text)::uuid FROM terra_connect.sweeps))`;
    const old = `SELECT id FROM terra_connect.sweeps WHERE status <> 'running' AND started_at < $1`;
    await this.deleteInBatches(`terra_connect.sweep_seen`, `sweep_id IN (${ended})`, []);
    await this.deleteInBatches(`terra_connect.sweep_findings`, `sweep_id IN (${old})`, [keepFrom]);
    await runSql(this.dataSource, `DELETE FROM terra_connect.sweeps WHERE id IN (${old})`, [keepFrom]);
  }

  private async deleteInBatches(table: string, condition: string, values: unknown[]): Promise<void> {
    for (let deleted = DELETE_BATCH; deleted === DELETE_BATCH;) {
      const { count } = await runSql(
        this.dataSource,
        `DELETE FROM ${table} WHERE ctid = ANY
          (ARRAY(SELECT ctid FROM ${table} WHERE ${condition} LIMIT ${DELETE_BATCH}))`,
        values,
      );
      deleted = count;
    }
  }

  /** Reads for the metrics how many sweeps await approval, and when the last sweep completed. */
  async readGauges(): Promise<{ awaitingApproval: number; completedAt: Date | null }> {
    const awaitingApproval = await this.dataSource.manager.countBy(Sweep, { status: 'awaiting_approval' });
    const latest = await this.findLatest({ status: 'completed', dryRun: false });
    return { awaitingApproval, completedAt: latest?.finishedAt ?? null };
  }
}
