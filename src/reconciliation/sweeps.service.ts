import { Inject, Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { v4 as uuidv4, v7 as uuidv7 } from 'uuid';
import { Clock, DomainError, isConnectionLost, hasSqlState, UNIQUE_VIOLATION } from '../common';
import { reconciliationOf, TERRA_CONNECT_OPTIONS, type TerraConnectOptions } from '../config';
import { inTransaction } from '../database';
import { Metrics } from '../observability';
import type { Action } from './terra-diff';
import { SweepLeaseLostError, SweepNotFoundError, SweepRunningError } from './reconciliation.errors';
import { SweepApplierService } from './sweep-applier.service';
import type { SweepFinding } from './sweep-finding.entity';
import { SweepReaderService, type ShouldStop } from './sweep-reader.service';
import type { ApprovalReason, Sweep } from './sweep.entity';
import { LEASE_MS, SweepRepository } from './sweep.repository';
import { decodeCursor, toPage, type Page } from '../http';

// Within this time a failed sweep goes on where it stopped; after that, too much may have moved between pages.
const RESUME_WITHIN_MS = 6 * 3_600_000;
const KEEP_MS = 90 * 86_400_000;
const FINDINGS_SHOWN = 100;
const NEVER_STOP: ShouldStop = () => false;

export interface SweepRequest {
  dryRun?: boolean;
  force?: boolean;
  /** An API key's id, `cli` or `schedule`. */
  actor: string;
}

export interface SweepReport {
  sweep: Sweep;
  counts: Partial<Record<Action, number>>;
  /** The first of them. */
  findings: SweepFinding[];
}

/** Reads all of Terra's users and sets right what differs, unless so much does that a person has to look first. */
@Injectable()
export class SweepsService {
  private readonly logger = new Logger(SweepsService.name);
  private readonly me = uuidv4();

  constructor(
    private readonly reader: SweepReaderService,
    private readonly applier: SweepApplierService,
    private readonly repository: SweepRepository,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
    @InjectDataSource() private readonly dataSource: DataSource,
    @Inject(TERRA_CONNECT_OPTIONS) private readonly options: TerraConnectOptions,
  ) {}

  /**
   * Makes a sweep for the workers to take up, or sets an earlier one on its way again: with `force` the one that was
   * held, else one that failed lately.
   *
   * @throws SweepRunningError
   */
  start(request: SweepRequest): Promise<Sweep> {
    return this.begin(request, null);
  }

  /** The same, and works on it at once. */
  async startAndRun(request: SweepRequest, shouldStop = NEVER_STOP): Promise<Sweep> {
    return this.run(await this.begin(request, this.me), shouldStop);
  }

  /** Works on a sweep that nobody works on: one that was asked for, or whose process has died. */
  async takeUp(shouldStop = NEVER_STOP): Promise<Sweep | null> {
    const sweep = await this.repository.claim(this.me, this.clock.now());
    return sweep && this.run(sweep, shouldStop);
  }

  /** Whether the schedule asks for one. */
  async isDue(): Promise<boolean> {
    const { sweepIntervalHours } = reconciliationOf(this.options.reconciliation);
    if (sweepIntervalHours === 0) return false;
    const latest = await this.repository.findLatest({ dryRun: false });
    if (!latest) return true;
    // A failed one is repeated sooner; the cause is likely to pass.
    const hours = latest.status === 'failed' ? Math.min(0.25, sweepIntervalHours) : sweepIntervalHours;
    const since = latest.status === 'failed' ? latest.updatedAt : latest.startedAt;
    return since.getTime() + hours * 3_600_000 <= this.clock.now().getTime();
  }

  /** @throws SweepNotFoundError */
  async report(id: string): Promise<SweepReport> {
    const sweep = await this.repository.find(id);
    if (!sweep) throw new SweepNotFoundError(id);
    const [counts, findings] = await Promise.all([
      this.repository.countFindings(id),
      this.repository.listFindings(id, FINDINGS_SHOWN),
    ]);
    return { sweep, counts, findings };
  }

  /** Newest first. */
  async list({ limit, cursor }: { limit: number; cursor?: string }): Promise<Page<Sweep>> {
    const beforeId = cursor === undefined ? undefined : decodeCursor(cursor);
    return toPage(await this.repository.list(beforeId, limit + 1), limit);
  }

  private async begin(
    { dryRun = false, force = false, actor }: SweepRequest,
    me: string | null,
  ): Promise<Sweep> {
    const now = this.clock.now();
    const lease = {
      leaseOwner: me,
      leaseUntil: me ? new Date(now.getTime() + LEASE_MS) : now,
      updatedAt: now,
    };
    try {
      const earlier = await this.findEarlier(dryRun, force, now);
      if (earlier) {
        const change = { ...lease, actor, forced: earlier.forced || force };
        if (!(await this.repository.resume(earlier, change))) throw new SweepRunningError();
        return (await this.repository.find(earlier.id)) ?? earlier;
      }
      const sweep: Sweep = { ...NEW, ...lease, id: uuidv7(), dryRun, forced: force, actor, startedAt: now };
      await this.repository.insert(sweep);
      return sweep;
    } catch (error) {
      throw hasSqlState(error, UNIQUE_VIOLATION, 'sweeps_running_idx') ? new SweepRunningError() : error;
    }
  }

  private async findEarlier(dryRun: boolean, force: boolean, now: Date): Promise<Sweep | null> {
    const latest = await this.repository.findLatest({ dryRun });
    if (force && !dryRun) {
      const held = await this.repository.findLatest({ status: 'awaiting_approval' });
      if (held) return held;
    }
    const isRecent = latest && now.getTime() - latest.startedAt.getTime() < RESUME_WITHIN_MS;
    return isRecent && latest.status === 'failed' ? latest : null;
  }

  private async run(sweep: Sweep, shouldStop: ShouldStop): Promise<Sweep> {
    try {
      await this.work(sweep, shouldStop);
    } catch (error) {
      // Whoever took it over goes on with it. A database that is away cannot be told of anything.
      if (error instanceof SweepLeaseLostError) return sweep;
      if (isConnectionLost(error)) throw error;
      await this.fail(sweep, error);
    }
    if (sweep.status === 'completed') await this.clear();
    return sweep;
  }

  private async work(sweep: Sweep, shouldStop: ShouldStop): Promise<void> {
    const { id: sweepId, phase, actor, dryRun, forced, nextPage } = sweep;
    this.logger.log({ event: 'sweep.started', sweepId, phase, nextPage, actor, dryRun, forced });
    await this.reader.readPages(sweep, shouldStop);
    if (shouldStop()) return this.leave(sweep);
    if (sweep.phase === 'diffing') {
      const approvalReason = await this.reader.findMissing(sweep, shouldStop);
      if (shouldStop()) return this.leave(sweep);
      if (dryRun) return this.finish(sweep, 'completed', { approvalReason });
      if (approvalReason && !forced) return this.finish(sweep, 'awaiting_approval', { approvalReason });
      await this.advance(sweep, { phase: 'applying', approvalReason });
    }
    await this.applier.apply(sweep, shouldStop);
    if (shouldStop()) return this.leave(sweep);
    await this.reader.verifyDisconnected(sweep);
    await this.finish(sweep, 'completed', {});
  }

  private async finish(
    sweep: Sweep,
    status: 'completed' | 'awaiting_approval',
    change: { approvalReason?: ApprovalReason | null },
  ): Promise<void> {
    await inTransaction(this.dataSource, async (manager) => {
      const now = this.clock.now();
      await this.repository.advance(manager, sweep, now, { ...change, status, finishedAt: now });
      if (status === 'completed' && !sweep.dryRun) await this.repository.overtakeHeld(manager, sweep);
    });
    this.metrics.sweeps.inc({ status });
    const { id: sweepId, approvalReason, usersSeen, live, changes, applied, dryRun } = sweep;
    const fields = { sweepId, approvalReason, usersSeen, live, changes, applied, dryRun };
    if (status === 'completed') this.logger.log({ event: 'sweep.completed', ...fields });
    else {
      const advice =
        'Nothing was changed. Look at GET /v1/sweeps/:id; to go on: terra-connect sweep --force.';
      this.logger.error({ event: 'sweep.awaiting_approval', ...fields, advice });
    }
  }

  private async fail(sweep: Sweep, error: unknown): Promise<void> {
    const errorCode = error instanceof DomainError ? error.code : 'internal';
    await inTransaction(this.dataSource, (manager) => {
      const now = this.clock.now();
      return this.repository.advance(manager, sweep, now, { status: 'failed', errorCode, finishedAt: now });
    });
    this.metrics.sweeps.inc({ status: 'failed' });
    const { id: sweepId, phase, nextPage } = sweep;
    const cause = error instanceof DomainError ? { detail: error.message } : { err: error };
    this.logger.error({ event: 'sweep.failed', sweepId, phase, nextPage, error: errorCode, ...cause });
  }

  // Told to go: the next process takes it up where it is.
  private async leave(sweep: Sweep): Promise<void> {
    const now = this.clock.now();
    await inTransaction(this.dataSource, (manager) => this.repository.release(manager, sweep, now));
    this.logger.log({ event: 'sweep.left', sweepId: sweep.id, phase: sweep.phase, nextPage: sweep.nextPage });
  }

  private async advance(sweep: Sweep, change: Partial<Sweep>): Promise<void> {
    await inTransaction(this.dataSource, (manager) =>
      this.repository.advance(manager, sweep, this.clock.now(), change),
    );
  }

  // The sweep itself is done; that its traces stay a little longer harms nobody.
  private async clear(): Promise<void> {
    try {
      await this.repository.clear(new Date(this.clock.now().getTime() - KEEP_MS));
    } catch (error) {
      this.logger.warn({ event: 'sweep.clear_failed', err: error });
    }
  }
}

const NEW = {
  status: 'running',
  phase: 'reading',
  nextPage: 0,
  diffAfter: null,
  usersSeen: 0,
  unreadable: 0,
  live: null,
  changes: 0,
  applied: 0,
  approvalReason: null,
  errorCode: null,
  finishedAt: null,
} as const;
