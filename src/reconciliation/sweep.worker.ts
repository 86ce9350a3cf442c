import { Injectable } from '@nestjs/common';
import { Metrics } from '../observability';
import { WorkerHost } from '../queue';
import { TerraClient } from '../terra';
import { SweepRunningError } from './reconciliation.errors';
import { SweepRepository } from './sweep.repository';
import { SWEEP_WORKER, SweepsService } from './sweeps.service';

const IDLE_MS = 15_000;

/** Runs sweeps that were requested or that another process has left, and starts scheduled sweeps. */
@Injectable()
export class SweepWorker {
  constructor(
    private readonly sweeps: SweepsService,
    private readonly terra: TerraClient,
    repository: SweepRepository,
    metrics: Metrics,
    workers: WorkerHost,
  ) {
    workers.register({ name: SWEEP_WORKER, idleMs: IDLE_MS, run: (signal) => this.runOnce(signal) });
    metrics.beforeScrape(async () => {
      const { awaitingApproval, completedAt } = await repository.readGauges();
      metrics.sweepsAwaitingApproval.set(awaitingApproval);
      if (completedAt) metrics.sweepCompletedAt.set(completedAt.getTime() / 1_000);
    });
  }

  /** @returns false, so that the loop waits before the next run */
  async runOnce(signal?: AbortSignal): Promise<boolean> {
    // A sweep that starts now would fail at once, and wait a quarter of an hour for its next start.
    if (!this.terra.isAvailable()) return false;
    if (await this.sweeps.takeUp(signal)) return false;
    if (!(await this.sweeps.isDue())) return false;
    try {
      await this.sweeps.startAndRun({ actor: 'schedule' }, signal);
    } catch (error) {
      // Another process started a sweep at the same time.
      if (!(error instanceof SweepRunningError)) throw error;
    }
    return false;
  }
}
