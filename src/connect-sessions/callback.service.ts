import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { Clock, sha256 } from '../common';
import { Metrics } from '../observability';
import { CallbackUserFinder } from './callback-user-finder.service';
import { CallbackConfirmationService, mayBeConfirmedLater } from './callback-confirmation.service';
import { asOf, CALLBACK_GRACE_MS } from './connect-session-status';
import type { ConnectSession } from './connect-session.entity';
import { ConnectSessionRepository } from './connect-session.repository';
import { ConnectLinkExpiredError, ConnectLinkUnknownError } from './connect-sessions.errors';

const MAX_PARAMETER_LENGTH = 200;
// Longer than a callback waits for Terra: if the outcome is not stored by then, this process has died.
const CALLBACK_LEASE_MS = 12_000;
// A second callback waits as long as the first one can take, and reads its outcome this often.
const FIRST_CALLBACK_MS = 10_000;
const POLL_MS = 100;
// The end user waits at our page, and Terra may know its new user a moment later.
const FIRST_CHECK_MS = 2_000;

/** What Terra appends to the callback URL. It is not signed, so a browser can send any value. */
export interface CallbackParameters {
  terraUserId: string | null;
  reason: string | null;
}

/** Handles the browser's return from the widget. */
@Injectable()
export class CallbackService {
  private readonly logger = new Logger(CallbackService.name);

  constructor(
    private readonly repository: ConnectSessionRepository,
    private readonly confirmation: CallbackConfirmationService,
    private readonly finder: CallbackUserFinder,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
  ) {}

  /**
   * Handles the success URL. The callback proves only that a browser came back. Terra's answer proves that an account
   * is connected. If Terra does not answer now, the session stays open for the webhook, and for the session worker,
   * which asks again. One success after a failure also counts, because the widget lets an end user retry.
   *
   * Only a visit that leads to a Terra user uses up the nonce: an end user who picked a phone-only provider first can go
   * back and pick another. Of two visits at once, the second waits for the outcome of the first.
   *
   * @returns the session as it is now; it says where to send the browser
   * @throws ConnectLinkUnknownError, ConnectLinkExpiredError
   */
  async succeed(nonce: string, parameters: CallbackParameters): Promise<ConnectSession> {
    const session = await this.find(nonce);
    const terraUserId = parameters.terraUserId ?? (await this.findUser(session));
    if (terraUserId === null) {
      // A phone-only provider returns no user: the phone's app connects the account, and a webhook reports it.
      this.metrics.callbacks.inc({ outcome: 'no_user' });
      await this.repository.noteReturn(session, this.clock.now());
      return this.leave(session);
    }
    const now = this.clock.now();
    const checkAt = new Date(now.getTime() + CALLBACK_LEASE_MS);
    const isFirst = await this.repository.useNonceOnSuccess(session, now, {
      checkUserId: terraUserId,
      checkAt,
    });
    if (isFirst) await this.confirm(session, terraUserId);
    else await this.waitForFirst(session);
    return this.leave(session);
  }

  /**
   * Handles the failure URL. The nonce proves that Terra's widget knew the session. A failure changes no connection.
   *
   * @returns the session as it is now; it says where to send the browser
   * @throws ConnectLinkUnknownError, ConnectLinkExpiredError
   */
  async fail(nonce: string, parameters: CallbackParameters): Promise<ConnectSession> {
    const session = await this.find(nonce);
    if (await this.repository.useNonceOnFailure(session, this.clock.now())) {
      this.metrics.callbacks.inc({ outcome: 'failure' });
      await this.confirmation.recordFailure(session, parameters.reason);
    }
    return this.leave(session);
  }

  /**
   * Returns the session as it is now, and does not use up the nonce.
   *
   * @throws ConnectLinkUnknownError, ConnectLinkExpiredError
   */
  async preview(nonce: string): Promise<ConnectSession> {
    return this.leave(await this.find(nonce));
  }

  // Once a callback has named a Terra user, or a webhook has completed the session, there is nothing to find.
  private async findUser(session: ConnectSession): Promise<string | null> {
    if (session.successCallbackAt !== null) return session.checkUserId;
    return session.status === 'completed' ? null : this.finder.find(session);
  }

  private async waitForFirst({ id }: ConnectSession): Promise<void> {
    const deadline = Date.now() + FIRST_CALLBACK_MS;
    while (Date.now() < deadline) {
      const session = await this.repository.findById(id);
      if (!session || !isBeingConfirmed(session)) return;
      await sleep(POLL_MS);
    }
  }

  private async confirm(session: ConnectSession, terraUserId: string): Promise<void> {
    const outcome = await this.confirmation.confirm(session, terraUserId);
    this.metrics.callbacks.inc({ outcome });
    if (outcome === 'linked') return;
    this.logger.warn({ event: 'callback.not_confirmed', sessionId: session.id, cause: outcome });
    const checkAt = mayBeConfirmedLater(outcome) ? this.inMs(FIRST_CHECK_MS) : null;
    await this.repository.scheduleCheck(session.id, checkAt);
  }

  private inMs(ms: number): Date {
    return new Date(this.clock.now().getTime() + ms);
  }

  private async find(nonce: string): Promise<ConnectSession> {
    const session = await this.repository.findByNonceHash(sha256(nonce));
    if (!session?.widgetUrl) throw new ConnectLinkUnknownError();
    if (session.expiresAt.getTime() + CALLBACK_GRACE_MS < this.clock.now().getTime())
      throw new ConnectLinkExpiredError(session, { isRenewable: false });
    return session;
  }

  // A reload of the callback URL redirects again, with the session's current status.
  private async leave({ id }: ConnectSession): Promise<ConnectSession> {
    const session = await this.repository.findById(id);
    if (!session) throw new ConnectLinkUnknownError();
    return asOf(session, this.clock.now());
  }
}

// The first callback sets this lease, and changes it when it has an outcome.
function isBeingConfirmed({ status, successCallbackAt, checkAt }: ConnectSession): boolean {
  if (status === 'completed' || successCallbackAt === null || checkAt === null) return false;
  return checkAt.getTime() - successCallbackAt.getTime() === CALLBACK_LEASE_MS;
}

/** Reads the callback parameters from the query; Terra writes an absent value as the text `null`. */
export function readCallbackParameters(query: Record<string, unknown>): CallbackParameters {
  return { terraUserId: readParameter(query.user_id), reason: readParameter(query.reason) };
}

function readParameter(value: unknown): string | null {
  if (typeof value !== 'string' || value === '' || value === 'null' || value.length > MAX_PARAMETER_LENGTH)
    return null;
  return /\p{Cc}/u.test(value) || !value.isWellFormed() ? null : value;
}
