import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../common';
import { RetentionOptions } from '../config';
import { Metrics } from '../observability';
import { WorkerHost } from '../queue';
import { PersonalDataRegistry } from './personal-data.registry';

const IDLE_MS = 3_600_000;
const DAY_MS = 86_400_000;
const NEVER_ABORTED = new AbortController().signal;

/** Deletes rows that are older than the retention of their table. */
@Injectable()
export class RetentionWorker {
  private readonly logger = new Logger(RetentionWorker.name);

  constructor(
    private readonly registry: PersonalDataRegistry,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
    private readonly options: RetentionOptions,
    workers: WorkerHost,
  ) {
    workers.register({ name: 'retention', idleMs: IDLE_MS, run: (signal) => this.runOnce(signal) });
  }

  /** Deletes all rows that are due. @returns false, so that the loop waits before the next run */
  async runOnce(signal: AbortSignal = NEVER_ABORTED): Promise<boolean> {
    for (const { table, days: daysOf, prune } of this.registry.pruneRules) {
      const days = daysOf(this.options);
      if (days === 0 || signal.aborted) continue;
      const deleted = await prune(new Date(this.clock.now().getTime() - days * DAY_MS), signal);
      if (deleted === 0) continue;
      this.metrics.retentionDeleted.inc({ table }, deleted);
      this.logger.log({ event: 'retention.deleted', table, deleted });
    }
    return false;
  }
}
