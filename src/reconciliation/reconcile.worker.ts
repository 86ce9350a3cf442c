import { Injectable, Logger } from '@nestjs/common';
import { Clock, DomainError } from '../common';
import { ReconciliationOptions } from '../config';
import { ReconcileTargetsRepository } from '../connections';
import { Metrics } from '../observability';
import { retryDelayMs, WorkerHost } from '../queue';
import { ConnectionReconcilerService } from './connection-reconciler.service';

const IDLE_MS = 2_000;
// With the idle time between runs, each process reconciles at most five end users a second.
const BATCH = 10;
// Longer than a batch takes if Terra uses up every deadline. After a failure, an end user is due when the lease ends.
const LEASE_MS = 15 * 60_000;
const QUIET_CHECK_MS = 10 * 60_000;
const OUTAGE_RETRY = { baseMs: 30_000, maxMs: 15 * 60_000, attempts: Infinity };

/** Reconciles end users on a schedule, and earlier if their data has stopped. */
@Injectable()
export class ReconcileWorker {
  private readonly logger = new Logger(ReconcileWorker.name);
  private outages = 0;
  private pausedUntil = 0;
  private quietCheckAt = 0;

  constructor(
    private readonly reconciler: ConnectionReconcilerService,
    private readonly targets: ReconcileTargetsRepository,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
    private readonly options: ReconciliationOptions,
    workers: WorkerHost,
  ) {
    const run = async (signal: AbortSignal): Promise<boolean> => {
      await this.runOnce(signal);
      return false;
    };
    workers.register({ name: 'reconcile', idleMs: IDLE_MS, run });
  }

  /** @returns how many end users it has reconciled, including failures */
  async runOnce(signal?: AbortSignal): Promise<number> {
    const now = this.clock.now();
    if (now.getTime() < this.pausedUntil || !this.reconciler.isTerraAvailable()) return 0;
    const { quietAfterHours } = this.options;
    if (quietAfterHours > 0 && now.getTime() >= this.quietCheckAt) {
      await this.targets.reconcileQuiet(now, new Date(now.getTime() - quietAfterHours * 3_600_000));
      this.quietCheckAt = now.getTime() + QUIET_CHECK_MS;
    }
    const due = await this.targets.takeDue(now, new Date(now.getTime() + LEASE_MS), BATCH);
    let reconciled = 0;
    for (const referenceId of due) {
      if (signal?.aborted) break;
      const outcome = await this.reconcile(referenceId);
      this.metrics.reconciliations.inc({ outcome });
      if (outcome === 'terra_unavailable') return reconciled;
      reconciled += 1;
    }
    return reconciled;
  }

  /** A failure stops the batch only if the cause affects every end user; see {@link isOutage}. */
  private async reconcile(referenceId: string): Promise<string> {
    try {
      const by = { source: 'reconcile', actor: 'schedule' } as const;
      const { conclusion } = await this.reconciler.reconcile(referenceId, by);
      this.outages = 0;
      return conclusion;
    } catch (error) {
      const isFromTerra = error instanceof DomainError && error.code.startsWith('terra.');
      if (!isFromTerra) this.logger.error({ event: 'reconcile.failed', err: error });
      else if (isOutage(error)) return this.pause(error.code);
      else this.logger.error({ event: 'reconcile.failed', error: error.code, detail: error.message });
      return 'failed';
    }
  }

  // The rest of the batch is due again when its lease ends.
  private pause(code: string): string {
    this.outages += 1;
    const waitMs = retryDelayMs(OUTAGE_RETRY, this.outages);
    this.pausedUntil = this.clock.now().getTime() + waitMs;
    this.logger.warn({ event: 'reconcile.paused', error: code, seconds: Math.round(waitMs / 1_000) });
    return 'terra_unavailable';
  }
}

// Wrong credentials count as an outage, because they fail for every end user.
function isOutage({ kind, code }: DomainError): boolean {
  return kind === 'unavailable' || kind === 'timeout' || code === 'terra.bad_credentials';
}
