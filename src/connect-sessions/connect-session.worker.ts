import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../common';
import { Metrics } from '../observability';
import { retryDelayMs, WorkerHost } from '../queue';
import { CallbackConfirmationService, mayBeConfirmedLater } from './callback-confirmation.service';
import { ConnectSessionMaintenanceRepository } from './connect-session-maintenance.repository';
import { CALLBACK_GRACE_MS } from './connect-session-status';
import { ConnectSession } from './connect-session.entity';
import { SessionEndingService } from './session-ending.service';

const IDLE_MS = 1_000;
const CLOSE_BATCH = 500;
// The worker checks a batch in parallel, so that a slow answer of Terra for one session does not delay the others.
const CHECK_BATCH = 5;
// Longer than a check waits for Terra.
const CHECK_LEASE_MS = 30_000;
/** The time between checks, from the callback on, until the session is completed or too old for a callback. */
const CHECK_RETRY = { baseMs: 2_000, maxMs: 5 * 60_000, attempts: Infinity };

/** Closes expired sessions, and asks Terra again about callbacks that Terra has not confirmed. */
@Injectable()
export class ConnectSessionWorker {
  private readonly logger = new Logger(ConnectSessionWorker.name);

  constructor(
    private readonly repository: ConnectSessionMaintenanceRepository,
    private readonly endings: SessionEndingService,
    private readonly confirmation: CallbackConfirmationService,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
    workers: WorkerHost,
  ) {
    workers.register({ name: 'connect-sessions', idleMs: IDLE_MS, run: () => this.runOnce() });
  }

  /**
   * Closes and checks the sessions that are due, up to a batch each.
   *
   * @returns whether more sessions may be due
   */
  async runOnce(): Promise<boolean> {
    const closed = await this.closeOverdue();
    const checked = await this.checkCallbacks();
    return closed === CLOSE_BATCH || checked > 0;
  }

  private async closeOverdue(): Promise<number> {
    const closed = await this.endings.closeOverdue(this.clock.now(), CLOSE_BATCH);
    for (const { id: sessionId, status } of closed) {
      this.metrics.sessions.inc({ status });
      this.logger.log({ event: `session.${status}`, sessionId });
    }
    return closed.length;
  }

  private async checkCallbacks(): Promise<number> {
    // Each check that Terra does not answer makes the next one later.
    if (!this.confirmation.isTerraAvailable()) return 0;
    const now = this.clock.now();
    const leaseUntil = new Date(now.getTime() + CHECK_LEASE_MS);
    const due = await this.repository.takeChecks(now, leaseUntil, CHECK_BATCH);
    const results = await Promise.allSettled(due.map((session) => this.check(session, now)));
    // A failed check is due again after its lease. The error makes the worker loop pause.
    for (const result of results) if (result.status === 'rejected') throw result.reason;
    return due.length;
  }

  private async check(session: ConnectSession, now: Date): Promise<void> {
    const { id: sessionId, checkUserId, checks } = session;
    if (checkUserId === null || needsNoCheck(session) || isOver(session, now)) {
      await this.repository.scheduleCheck(session, null);
      return;
    }
    const outcome = await this.confirmation.confirm(session, checkUserId);
    this.metrics.sessionChecks.inc({ outcome });
    this.logger.log({ event: 'session.checked', sessionId, checks, outcome });
    const next = mayBeConfirmedLater(outcome) ? this.nextCheck(checks) : null;
    await this.repository.scheduleCheck(session, next);
  }

  private nextCheck(checks: number): Date {
    // The callback itself scheduled the first check.
    return new Date(this.clock.now().getTime() + retryDelayMs(CHECK_RETRY, checks + 1));
  }
}

// With multiAuth, the webhook of another account can complete the session, and the webhook of the account that the
// callback names can still be lost.
function needsNoCheck({ status, multiAuth }: ConnectSession): boolean {
  return status === 'completed' && !multiAuth;
}

function isOver({ expiresAt }: ConnectSession, now: Date): boolean {
  return expiresAt.getTime() + CALLBACK_GRACE_MS < now.getTime();
}
