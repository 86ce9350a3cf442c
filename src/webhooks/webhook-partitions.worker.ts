import { Injectable } from '@nestjs/common';
import { Clock } from '../common';
import { Metrics } from '../observability';
import { WorkerHost } from '../queue';
import { WebhookRetentionRepository } from './webhook-retention.repository';

const IDLE_MS = 3_600_000;
const DAY_MS = 86_400_000;
const DAYS_AHEAD = 7;

/**
 * Creates the daily partitions of stored events a week ahead. Without a partition, an event goes to the default partition:
 * none is lost, but retention must then delete rows one by one.
 */
@Injectable()
export class WebhookPartitionsWorker {
  constructor(
    private readonly repository: WebhookRetentionRepository,
    private readonly clock: Clock,
    metrics: Metrics,
    workers: WorkerHost,
  ) {
    workers.register({ name: 'webhook-partitions', idleMs: IDLE_MS, run: () => this.runOnce() });
    metrics.beforeScrape(async () => {
      const until = await this.repository.partitionedUntil();
      metrics.webhookPartitionsAhead.set((until.getTime() - this.clock.now().getTime()) / 1_000);
    });
  }

  /** @returns false, so that the loop waits before the next run */
  async runOnce(): Promise<boolean> {
    await this.repository.createPartitions(new Date(this.clock.now().getTime() + DAYS_AHEAD * DAY_MS));
    return false;
  }
}
