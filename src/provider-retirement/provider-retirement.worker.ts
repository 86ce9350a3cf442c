import { Injectable } from '@nestjs/common';
import { Metrics } from '../observability';
import { WorkerHost } from '../queue';
import { CatalogueCheckService } from './catalogue-check.service';
import { CatalogueRepository } from './catalogue.repository';
import { RetirementPassService } from './retirement-pass.service';

const IDLE_MS = 10_000;

/** Retires the providers that have left Terra's catalogue, and tells their connections. */
@Injectable()
export class ProviderRetirementWorker {
  constructor(
    private readonly check: CatalogueCheckService,
    private readonly pass: RetirementPassService,
    repository: CatalogueRepository,
    metrics: Metrics,
    workers: WorkerHost,
  ) {
    workers.register({ name: 'provider-retirement', idleMs: IDLE_MS, run: () => this.runOnce() });
    metrics.beforeScrape(async () => {
      metrics.catalogueHeld.set((await repository.isHeld()) ? 1 : 0);
      const retired = (await repository.list()).filter(({ retiredAt }) => retiredAt !== null);
      metrics.retiredConnections.reset();
      for (const { provider, liveConnections } of retired)
        metrics.retiredConnections.set({ provider }, liveConnections);
    });
  }

  /** Checks the catalogue if that is due, then processes one batch. @returns whether another batch may be due */
  async runOnce(): Promise<boolean> {
    await this.check.runIfDue();
    return this.pass.runOnce();
  }
}
