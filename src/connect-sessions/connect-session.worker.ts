import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Clock } from '../common';
import { TERRA_CONNECT_OPTIONS, type TerraConnectOptions } from '../config';
import { Metrics } from '../observability';
import { PollingWorker, retryDelayMs } from '../queue';
import { ConnectSession } from './connect-session.entity';
import { RETURN_GRACE_MS } from './connect-session.repository';
import { ConnectSessionMaintenanceRepository } from './connect-session-maintenance.repository';
import { CallbackConfirmationService, mayBeConfirmedLater } from './callback-confirmation.service';

const IDLE_MS = 1_000;
const CLOSE_BATCH = 500;
// Side by side, so that a Terra that is slow for one does not keep the others waiting.
const CHECK_BATCH = 5;
// Longer than Terra may take to answer.
const CHECK_LEASE_MS = 30_000;
/** From the landing on, until the session is settled or over. */
export const CHECK_RETRY = { baseMs: 2_000, maxMs: 5 * 60_000, attempts: Infinity };

/** Closes sessions whose time is over, and asks Terra again about callbacks that could not be confirmed. */
@Injectable()
export class ConnectSessionWorker implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(ConnectSessionWorker.name);
  private readonly loop = new PollingWorker({
    name: 'connect-session-worker',
    idleMs: IDLE_MS,
    runOnce: () => this.runOnce(),
  });

  constructor(
    private readonly repository: ConnectSessionMaintenanceRepository,
    private readonly confirmation: CallbackConfirmationService,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
    @Inject(TERRA_CONNECT_OPTIONS) private readonly options: TerraConnectOptions,
  ) {}

  onApplicationBootstrap(): void {
    if (this.options.workersEnabled) this.loop.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.loop.stop();
  }

  /**
   * Works on the sessions that are due, up to a batch of each kind.
   *
   * @returns false when there are no more
   */
  async runOnce(): Promise<boolean> {
    const closed = await this.closeOverdue();
    const checked = await this.checkCallbacks();
    return closed === CLOSE_BATCH || checked > 0;
  }

  private async closeOverdue(): Promise<number> {
    const closed = await this.repository.closeOverdue(this.clock.now(), CLOSE_BATCH);
    for (const { id: sessionId, status } of closed) {
      this.metrics.sessions.inc({ status });
      this.logger.log({ event: `session.${status}`, sessionId });
    }
    return closed.length;
  }

  private async checkCallbacks(): Promise<number> {
    const now = this.clock.now();
    const leaseUntil = new Date(now.getTime() + CHECK_LEASE_MS);
    const due = await this.repository.takeChecks(now, leaseUntil, CHECK_BATCH);
    const results = await Promise.allSettled(due.map((session) => this.check(session, now)));
    // What failed comes again when its lease is over; the loop is to know, and to wait.
    for (const result of results) if (result.status === 'rejected') throw result.reason;
    return due.length;
  }

  private async check(session: ConnectSession, now: Date): Promise<void> {
    const { id: sessionId, checkUserId, checks } = session;
    if (checkUserId === null || isSettled(session) || isOver(session, now)) {
      await this.repository.putOffCheck(session, null);
      return;
    }
    const outcome = await this.confirmation.confirm(session, checkUserId);
    this.metrics.sessionChecks.inc({ outcome });
    this.logger.log({ event: 'session.checked', sessionId, checks, outcome });
    await this.repository.putOffCheck(session, mayBeConfirmedLater(outcome) ? this.nextCheck(checks) : null);
  }

  private nextCheck(checks: number): Date {
    // The first wait was the landing's. 2^40 s is long after everything; the exponent must not overflow.
    const waitMs = retryDelayMs(CHECK_RETRY, Math.min(checks + 1, 40));
    return new Date(this.clock.now().getTime() + waitMs);
  }
}

// With multiAuth the webhook of one account completes the session, and that of the one which the landing names is lost.
function isSettled({ status, multiAuth }: ConnectSession): boolean {
  return status === 'completed' && !multiAuth;
}

function isOver({ expiresAt }: ConnectSession, now: Date): boolean {
  return expiresAt.getTime() + RETURN_GRACE_MS < now.getTime();
}
