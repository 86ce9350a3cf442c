import { Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { DomainError, isDatabaseDown } from '../common';
import { inTransaction } from '../database';
import { Metrics } from '../observability';
import { APPROVAL_ADVICE, type ApprovalReason } from './approval';
import { SweepLeaseLostError } from './reconciliation.errors';
import { SweepApplierService } from './sweep-applier.service';
import { SweepDiffService } from './sweep-diff.service';
import { SweepReaderService } from './sweep-reader.service';
import type { Sweep } from './sweep.entity';
import { SweepRepository } from './sweep.repository';

/** Runs a sweep whose lease this process holds, from phase to phase. */
@Injectable()
export class SweepRunnerService {
  private readonly logger = new Logger(SweepRunnerService.name);

  constructor(
    private readonly reader: SweepReaderService,
    private readonly differ: SweepDiffService,
    private readonly applier: SweepApplierService,
    private readonly repository: SweepRepository,
    private readonly metrics: Metrics,
    @InjectDataSource() private readonly dataSource: DataSource,
  ) {}

  /** When `signal` is aborted, the sweep stops after the current step, and another process continues. */
  async run(sweep: Sweep, signal: AbortSignal): Promise<Sweep> {
    try {
      await this.runPhases(sweep, signal);
    } catch (error) {
      // Another process has taken the lease and continues.
      if (error instanceof SweepLeaseLostError) return sweep;
      // While the database is down, the failure cannot be stored.
      if (isDatabaseDown(error)) throw error;
      await this.fail(sweep, error);
    }
    if (sweep.status === 'completed') await this.clear(sweep);
    return sweep;
  }

  private async runPhases(sweep: Sweep, signal: AbortSignal): Promise<void> {
    const { id: sweepId, phase, actor, dryRun, forced, adopts, nextPage } = sweep;
    const event = phase === 'reading' && nextPage === 0 ? 'sweep.started' : 'sweep.resumed';
    this.logger.log({ event, sweepId, phase, nextPage, actor, dryRun, forced, adopts });
    await this.reader.readPages(sweep, signal);
    if (signal.aborted) return this.leave(sweep);
    if (sweep.phase === 'diffing') {
      const approvalReason = await this.differ.findMissing(sweep, signal);
      if (signal.aborted) return this.leave(sweep);
      if (dryRun) return this.finish(sweep, 'completed', { approvalReason });
      if (approvalReason && !forced) return this.finish(sweep, 'awaiting_approval', { approvalReason });
      await this.advance(sweep, { phase: 'applying', approvalReason });
    }
    await this.applier.apply(sweep, signal);
    if (signal.aborted) return this.leave(sweep);
    await this.differ.verifyDisconnected(sweep);
    await this.finish(sweep, 'completed', {});
  }

  private async finish(
    sweep: Sweep,
    status: 'completed' | 'awaiting_approval',
    change: { approvalReason?: ApprovalReason | null },
  ): Promise<void> {
    await inTransaction(this.dataSource, async (manager) => {
      await this.repository.finish(manager, sweep, { ...change, status });
      if (status === 'completed' && !sweep.dryRun) await this.repository.overtakeEarlier(manager, sweep);
    });
    this.metrics.sweeps.inc({ status });
    const { id: sweepId, approvalReason, usersSeen, live, changes, applied, dryRun } = sweep;
    const fields = { sweepId, approvalReason, usersSeen, live, changes, applied, dryRun };
    if (status === 'completed') this.logger.log({ event: 'sweep.completed', ...fields });
    else {
      const advice = approvalReason && APPROVAL_ADVICE[approvalReason];
      this.logger.error({ event: 'sweep.awaiting_approval', ...fields, advice });
    }
  }

  private async fail(sweep: Sweep, error: unknown): Promise<void> {
    const errorCode = error instanceof DomainError ? error.code : 'internal';
    await inTransaction(this.dataSource, (manager) =>
      this.repository.finish(manager, sweep, { status: 'failed', errorCode }),
    );
    this.metrics.sweeps.inc({ status: 'failed' });
    const { id: sweepId, phase, nextPage } = sweep;
    const cause = error instanceof DomainError ? { detail: error.message } : { err: error };
    this.logger.error({ event: 'sweep.failed', sweepId, phase, nextPage, error: errorCode, ...cause });
  }

  // This process shuts down. Another process continues where it stopped.
  private async leave(sweep: Sweep): Promise<void> {
    await inTransaction(this.dataSource, (manager) => this.repository.release(manager, sweep));
    this.logger.log({ event: 'sweep.left', sweepId: sweep.id, phase: sweep.phase, nextPage: sweep.nextPage });
  }

  private async advance(sweep: Sweep, change: Partial<Sweep>): Promise<void> {
    await inTransaction(this.dataSource, (manager) => this.repository.advance(manager, sweep, change));
  }

  // The sweep is completed, so a failure here only leaves old rows until the next sweep.
  private async clear({ id: sweepId }: Sweep): Promise<void> {
    try {
      await this.repository.clear();
    } catch (error) {
      this.logger.warn({ event: 'sweep.clear_failed', sweepId, err: error });
    }
  }
}
