import { Injectable, Logger } from '@nestjs/common';
import { Clock, isDatabaseDown } from '../common';
import { Metrics } from '../observability';
import { WorkerHost } from '../queue';
import { ErasureCompletionService } from './erasure-completion.service';
import type { Erasure } from './erasure.entity';
import { ErasureRepository } from './erasure.repository';
import { ERASURE_WORKER } from './erasures.service';

const IDLE_MS = 5_000;
const BATCH = 20;

/** Tries to complete pending erasures until they are completed. */
@Injectable()
export class ErasureWorker {
  private readonly logger = new Logger(ErasureWorker.name);
  private lookedAtUntil: string | null = null;

  constructor(
    private readonly repository: ErasureRepository,
    private readonly completion: ErasureCompletionService,
    private readonly clock: Clock,
    metrics: Metrics,
    workers: WorkerHost,
  ) {
    workers.register({ name: ERASURE_WORKER, idleMs: IDLE_MS, run: () => this.runOnce() });
    metrics.beforeScrape(async () => {
      const oldest = await this.repository.oldestPending();
      const waitedMs = oldest ? this.clock.now().getTime() - oldest.getTime() : 0;
      metrics.erasuresOldestSeconds.set(Math.max(0, waitedMs / 1_000));
    });
  }

  /**
   * Tries to complete the next pending erasures, up to a batch. Each run continues where the last run stopped.
   *
   * @returns whether more erasures may be pending
   */
  async runOnce(): Promise<boolean> {
    const pending = await this.repository.pendingAfter(this.lookedAtUntil, BATCH);
    this.lookedAtUntil = pending.length === BATCH ? (pending.at(-1)?.id ?? null) : null;
    for (const erasure of pending) await this.attempt(erasure);
    return pending.length === BATCH;
  }

  // A failing erasure does not block the others. A later run tries it again.
  private async attempt(erasure: Erasure): Promise<void> {
    try {
      const obstacle = await this.completion.complete(erasure, this.clock.now());
      if (obstacle) this.logger.debug({ event: 'erasure.waiting', erasureId: erasure.id, obstacle });
    } catch (error) {
      if (isDatabaseDown(error)) throw error;
      this.logger.error({ event: 'erasure.failed', erasureId: erasure.id, err: error });
    }
  }
}
