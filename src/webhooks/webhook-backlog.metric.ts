import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Metrics } from '../observability';
import { WebhookInboxRepository } from './webhook-inbox.repository';

/** Counts the inbox when somebody looks at the metrics, and only then. */
@Injectable()
export class WebhookBacklogMetric implements OnModuleInit {
  constructor(
    private readonly metrics: Metrics,
    private readonly repository: WebhookInboxRepository,
  ) {}

  onModuleInit(): void {
    this.metrics.beforeScrape(async () => {
      const counts = await this.repository.countWaiting();
      for (const status of ['pending', 'parked', 'dead_lettered'] as const) {
        this.metrics.webhookBacklog.set({ status }, counts[status] ?? 0);
      }
    });
  }
}
