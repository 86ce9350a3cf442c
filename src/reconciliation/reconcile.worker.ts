import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Clock, DomainError } from '../common';
import { reconciliationOf, TERRA_CONNECT_OPTIONS, type TerraConnectOptions } from '../config';
import { ReconcileTargetsService } from '../connections';
import { Metrics } from '../observability';
import { PollingWorker, retryDelayMs } from '../queue';
import { ConnectionReconcilerService } from './connection-reconciler.service';

const IDLE_MS = 2_000;
// With the pause between runs this is what Terra gets at most: five questions a second, from each process.
const BATCH = 10;
// Longer than a batch takes, should Terra use up every deadline. What fails comes back after it.
const LEASE_MS = 15 * 60_000;
const QUIET_CHECK_MS = 10 * 60_000;
const OUTAGE = { baseMs: 30_000, maxMs: 15 * 60_000, attempts: 100 };

/** Compares end users with Terra on a schedule, and sooner those whose data has stopped. */
@Injectable()
export class ReconcileWorker implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(ReconcileWorker.name);
  private readonly loop = new PollingWorker({
    name: 'reconcile-worker',
    idleMs: IDLE_MS,
    runOnce: async () => {
      await this.runOnce();
      return false;
    },
  });
  private outages = 0;
  private pausedUntil = 0;
  private quietCheckAt = 0;
  private stopping = false;

  constructor(
    private readonly reconciler: ConnectionReconcilerService,
    private readonly targets: ReconcileTargetsService,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
    @Inject(TERRA_CONNECT_OPTIONS) private readonly options: TerraConnectOptions,
  ) {}

  onApplicationBootstrap(): void {
    if (this.options.workersEnabled) this.loop.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping = true;
    await this.loop.stop();
  }

  /** @returns how many end users were compared */
  async runOnce(): Promise<number> {
    const now = this.clock.now();
    if (now.getTime() < this.pausedUntil) return 0;
    const { quietAfterHours } = reconciliationOf(this.options.reconciliation);
    if (quietAfterHours > 0 && now.getTime() >= this.quietCheckAt) {
      await this.targets.expediteQuiet(now, new Date(now.getTime() - quietAfterHours * 3_600_000));
      this.quietCheckAt = now.getTime() + QUIET_CHECK_MS;
    }
    const due = await this.targets.takeDue(now, new Date(now.getTime() + LEASE_MS), BATCH);
    let compared = 0;
    for (const referenceId of due) {
      if (this.stopping) break;
      const outcome = await this.compare(referenceId);
      this.metrics.reconciliations.inc({ outcome });
      if (outcome === 'terra_unavailable') return compared;
      compared += 1;
    }
    return compared;
  }

  /** One that fails does not stand in the others' way, unless it is Terra itself that does. */
  private async compare(referenceId: string): Promise<string> {
    try {
      const { conclusion } = await this.reconciler.reconcile(referenceId, {
        source: 'reconcile',
        actor: 'schedule',
      });
      this.outages = 0;
      return conclusion;
    } catch (error) {
      const isTerras = error instanceof DomainError && error.code.startsWith('terra.');
      if (!isTerras) this.logger.error({ event: 'reconcile.failed', err: error });
      else if (isOutage(error)) return this.pause(error.code);
      else this.logger.error({ event: 'reconcile.failed', error: error.code, detail: error.message });
      return 'failed';
    }
  }

  // The end users keep their turn: it is not theirs that Terra does not answer.
  private pause(code: string): string {
    this.outages += 1;
    const waitMs = retryDelayMs(OUTAGE, Math.min(this.outages, 10));
    this.pausedUntil = this.clock.now().getTime() + waitMs;
    this.logger.warn({ event: 'reconcile.paused', error: code, seconds: Math.round(waitMs / 1_000) });
    return 'terra_unavailable';
  }
}

// Wrong credentials fail for everybody alike.
function isOutage({ kind, code }: DomainError): boolean {
  return kind === 'unavailable' || kind === 'timeout' || code === 'terra.bad_credentials';
}
