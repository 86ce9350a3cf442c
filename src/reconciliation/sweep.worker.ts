import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnModuleInit,
} from '@nestjs/common';
import { TERRA_CONNECT_OPTIONS, type TerraConnectOptions } from '../config';
import { Metrics } from '../observability';
import { PollingWorker } from '../queue';
import { SweepRunningError } from './reconciliation.errors';
import { SweepRepository } from './sweep.repository';
import { SweepsService } from './sweeps.service';

const IDLE_MS = 15_000;

/** Takes up the sweeps that were asked for or left, and starts the ones that the schedule asks for. */
@Injectable()
export class SweepWorker implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown {
  private stopping = false;
  private readonly loop = new PollingWorker({
    name: 'sweep-worker',
    idleMs: IDLE_MS,
    runOnce: () => this.runOnce(),
  });

  constructor(
    private readonly sweeps: SweepsService,
    private readonly repository: SweepRepository,
    private readonly metrics: Metrics,
    @Inject(TERRA_CONNECT_OPTIONS) private readonly options: TerraConnectOptions,
  ) {}

  onModuleInit(): void {
    this.metrics.beforeScrape(async () => {
      const { held, completedAt } = await this.repository.readGauges();
      this.metrics.sweepsAwaitingApproval.set(held);
      if (completedAt) this.metrics.sweepCompletedAt.set(completedAt.getTime() / 1_000);
    });
  }

  onApplicationBootstrap(): void {
    if (this.options.workersEnabled) this.loop.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping = true;
    await this.loop.stop();
  }

  notify(): void {
    this.loop.notify();
  }

  /** @returns false: after a sweep there is no hurry for another */
  async runOnce(): Promise<boolean> {
    const shouldStop = (): boolean => this.stopping;
    if (await this.sweeps.takeUp(shouldStop)) return false;
    if (!(await this.sweeps.isDue())) return false;
    try {
      await this.sweeps.startAndRun({ actor: 'schedule' }, shouldStop);
    } catch (error) {
      // Another process had the same thought.
      if (!(error instanceof SweepRunningError)) throw error;
    }
    return false;
  }
}
