import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../../common';
import { Metrics } from '../../observability';
import { WorkerHost } from '../../queue';
import { DeauthenticationCallService } from './deauthentication-call.service';
import { DeauthenticationRepository } from './deauthentication.repository';
import { DEAUTHENTICATION_WORKER } from './deauthentications.service';

const IDLE_MS = 1_000;
// The lease must last longer than a call to Terra.
const LEASE_MS = 30_000;
// T-23: even if other code has a fault, the service cannot disconnect end users faster than this.
const CALLS_PER_HOUR = 1_000;
const HOUR_MS = 3_600_000;
const ALARM_PAUSE_MS = 60_000;

/** Processes pending deauthentication requests until Terra has confirmed each of them. */
@Injectable()
export class DeauthenticationWorker {
  private readonly logger = new Logger(DeauthenticationWorker.name);
  private lastAlarmAt = 0;

  constructor(
    private readonly repository: DeauthenticationRepository,
    private readonly calls: DeauthenticationCallService,
    private readonly clock: Clock,
    metrics: Metrics,
    workers: WorkerHost,
  ) {
    workers.register({ name: DEAUTHENTICATION_WORKER, idleMs: IDLE_MS, run: () => this.runOnce() });
    metrics.beforeScrape(async () => {
      const { count, oldest } = await this.repository.pending();
      metrics.deauthenticationsPending.set(count);
      const waitedMs = oldest ? this.clock.now().getTime() - oldest.getTime() : 0;
      metrics.deauthenticationsOldestSeconds.set(Math.max(0, waitedMs / 1_000));
    });
  }

  /**
   * Calls Terra for one request that is due.
   *
   * @returns false when no request was due, the limit of calls per hour was reached, or calls to Terra are paused
   */
  async runOnce(): Promise<boolean> {
    if (!this.calls.isTerraAvailable()) return false;
    const now = this.clock.now();
    if (!(await this.isWithinBudget(now))) return false;
    const due = await this.repository.take(now, new Date(now.getTime() + LEASE_MS));
    if (!due) return false;
    return this.calls.call(due);
  }

  // Runs before `take`, which sets `last_attempt_at` and so counts as a call.
  private async isWithinBudget(now: Date): Promise<boolean> {
    const calls = await this.repository.countCallsSince(new Date(now.getTime() - HOUR_MS));
    if (calls < CALLS_PER_HOUR) return true;
    if (now.getTime() - this.lastAlarmAt > ALARM_PAUSE_MS) {
      this.lastAlarmAt = now.getTime();
      this.logger.error({ event: 'deauthentication.budget_used_up', callsPerHour: CALLS_PER_HOUR });
    }
    return false;
  }
}
