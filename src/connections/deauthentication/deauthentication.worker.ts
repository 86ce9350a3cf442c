import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnModuleInit,
} from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { Clock, DomainError } from '../../common';
import { TERRA_CONNECT_OPTIONS, type TerraConnectOptions } from '../../config';
import { inTransaction } from '../../database';
import { Metrics } from '../../observability';
import { PollingWorker, retryDelayMs } from '../../queue';
import { TerraClient } from '../../terra';
import { ConnectionLifecycleService } from '../projection/connection-lifecycle.service';
import type { Deauthentication } from './deauthentication.entity';
import { DeauthenticationRepository } from './deauthentication.repository';
import { DeauthenticationsService } from './deauthentications.service';

const IDLE_MS = 1_000;
// Longer than a call to Terra may take.
const LEASE_MS = 30_000;
/** Never given up: the person asked for it. An hour between tries at the most, and the metric tells who waits for long. */
export const DEAUTHENTICATION_RETRY = { baseMs: 2_000, maxMs: 3_600_000, attempts: Infinity };
// T-23: whatever goes wrong elsewhere, this is as fast as people can be disconnected.
const CALLS_PER_HOUR = 1_000;
const HOUR_MS = 3_600_000;
const ALARM_PAUSE_MS = 60_000;

/** Tells Terra to end users, again and again, until it has confirmed. */
@Injectable()
export class DeauthenticationWorker
  implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown
{
  private readonly logger = new Logger(DeauthenticationWorker.name);
  private readonly loop = new PollingWorker({
    name: 'deauthentication-worker',
    idleMs: IDLE_MS,
    runOnce: () => this.runOnce(),
  });

  private lastAlarmAt = 0;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly repository: DeauthenticationRepository,
    private readonly deauthentications: DeauthenticationsService,
    private readonly lifecycle: ConnectionLifecycleService,
    private readonly terra: TerraClient,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
    @Inject(TERRA_CONNECT_OPTIONS) private readonly options: TerraConnectOptions,
  ) {}

  onModuleInit(): void {
    this.deauthentications.onOpened(() => this.loop.notify());
    this.metrics.beforeScrape(async () => {
      const { count, oldest } = await this.repository.pending();
      this.metrics.deauthenticationsPending.set(count);
      const waitedMs = oldest ? this.clock.now().getTime() - oldest.getTime() : 0;
      this.metrics.deauthenticationsOldestSeconds.set(Math.max(0, waitedMs / 1_000));
    });
  }

  onApplicationBootstrap(): void {
    if (this.options.workersEnabled) this.loop.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.loop.stop();
  }

  /**
   * Makes one call that is due.
   *
   * @returns false when none was, or when the hour's budget is used up
   */
  async runOnce(): Promise<boolean> {
    const now = this.clock.now();
    if (!(await this.isWithinBudget(now))) return false;
    const due = await this.repository.take(now, new Date(now.getTime() + LEASE_MS));
    if (!due) return false;
    await this.call(due);
    return true;
  }

  // Before a row is taken: one that waits for the budget has had no call, and must not count as one.
  private async isWithinBudget(now: Date): Promise<boolean> {
    const calls = await this.repository.countCallsSince(new Date(now.getTime() - HOUR_MS));
    if (calls < CALLS_PER_HOUR) return true;
    if (now.getTime() - this.lastAlarmAt > ALARM_PAUSE_MS) {
      this.lastAlarmAt = now.getTime();
      this.logger.error({ event: 'deauthentication.budget_used_up', callsPerHour: CALLS_PER_HOUR });
    }
    return false;
  }

  private async call(due: Deauthentication): Promise<void> {
    try {
      const ended = await this.terra.deauthenticate(due.terraUserId);
      await this.confirm(due, ended ? 'ended' : 'not_found');
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      this.metrics.deauthentications.inc({ outcome: 'failed' });
      this.logger.warn({
        event: 'deauthentication.failed',
        deauthenticationId: due.id,
        connectionId: due.connectionId,
        attempt: due.attempts,
        error: error.code,
      });
      await this.putOff(due, error.code);
    }
  }

  private async confirm(due: Deauthentication, outcome: 'ended' | 'not_found'): Promise<void> {
    const now = this.clock.now();
    const { id, terraUserId, connectionId, actor, reason } = due;
    await inTransaction(this.dataSource, async (manager) => {
      const fact = { terraUserId, actor, reason, sourceId: id, occurredAt: now, source: 'api' } as const;
      const recorded = await this.lifecycle.record(manager, [
        { ...fact, kind: 'ended', cause: 'disconnected_by_us' },
      ]);
      await this.repository.confirm(manager, id, outcome, now);
      if (recorded.get(terraUserId)?.erased) await this.repository.pseudonymize(manager, due);
    });
    this.metrics.deauthentications.inc({ outcome });
    this.logger.log({ event: 'deauthentication.confirmed', deauthenticationId: id, connectionId, outcome });
  }

  private async putOff(due: Deauthentication, outcome: string): Promise<void> {
    // 2^40 s is long after everything; the exponent must not overflow.
    const waitMs = retryDelayMs(DEAUTHENTICATION_RETRY, Math.min(due.attempts, 40));
    await this.repository.putOff(due, outcome, new Date(this.clock.now().getTime() + waitMs));
  }
}
