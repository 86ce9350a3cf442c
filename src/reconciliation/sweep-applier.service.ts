import { Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { isDatabaseDown } from '../common';
import { inTransaction } from '../database';
import { CorrectionsService } from './corrections.service';
import { SweepLeaseLostError } from './reconciliation.errors';
import { SweepAbsenceService } from './sweep-absence.service';
import type { SweepFinding } from './sweep-finding.entity';
import { SweepFindingRepository } from './sweep-finding.repository';
import { SweepJudgeService } from './sweep-judge.service';
import type { Sweep } from './sweep.entity';
import { SweepRepository } from './sweep.repository';
import { BOOKKEEPING, CHANGES } from './terra-diff';

const BATCH = 50;
const APPLIED_ACTIONS = [...CHANGES, ...BOOKKEEPING];

/** The third phase of a sweep: applies the findings in batches. A finding with an outcome is not applied again. */
@Injectable()
export class SweepApplierService {
  private readonly logger = new Logger(SweepApplierService.name);

  constructor(
    private readonly absence: SweepAbsenceService,
    private readonly judge: SweepJudgeService,
    private readonly corrections: CorrectionsService,
    private readonly sweeps: SweepRepository,
    private readonly findings: SweepFindingRepository,
    @InjectDataSource() private readonly dataSource: DataSource,
  ) {}

  async apply(sweep: Sweep, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const open = await this.findings.listOpen(sweep.id, APPLIED_ACTIONS, BATCH);
      if (open.length === 0) return;
      await this.applyBatch(sweep, await this.absence.confirm(sweep, open, signal));
    }
  }

  /** Applies all in one transaction. If that fails, applies each alone, so that no finding blocks the others. */
  private async applyBatch(sweep: Sweep, findings: SweepFinding[]): Promise<void> {
    if (findings.length === 0) return;
    try {
      await this.applyTogether(sweep, findings);
    } catch (error) {
      if (error instanceof SweepLeaseLostError || isDatabaseDown(error)) throw error;
      const [only, another] = findings;
      if (only && another) {
        for (const finding of findings) await this.applyBatch(sweep, [finding]);
        return;
      }
      this.logger.error({
        event: 'sweep.finding_failed',
        sweepId: sweep.id,
        connectionId: only?.connectionId,
        action: only?.action,
        err: error,
      });
      await inTransaction(this.dataSource, (manager) =>
        this.findings.recordOutcome(manager, findings, 'failed'),
      );
    }
  }

  private async applyTogether(sweep: Sweep, findings: SweepFinding[]): Promise<void> {
    const { valid, corrections, overtaken } = await this.judge.judge(sweep, findings);
    await inTransaction(this.dataSource, async (manager) => {
      await this.sweeps.advance(manager, sweep, {}, { applied: valid.length });
      await this.corrections.apply(manager, corrections, 'sweep');
      await this.findings.recordOutcome(manager, valid, 'applied');
      await this.findings.recordOutcome(manager, overtaken, 'overtaken');
    });
  }
}
