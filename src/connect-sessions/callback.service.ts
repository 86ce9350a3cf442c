import { Injectable, Logger } from '@nestjs/common';
import { Clock, sha256 } from '../common';
import { Metrics } from '../observability';
import { BrowserUrls } from './browser-urls';
import { CallbackConfirmationService, mayBeConfirmedLater } from './callback-confirmation.service';
import { asOf, CALLBACK_GRACE_MS, RETURN_STATUS } from './connect-session-status';
import type { ConnectSession } from './connect-session.entity';
import { ConnectSessionRepository } from './connect-session.repository';
import { ConnectLinkExpiredError, ConnectLinkUnknownError } from './connect-sessions.errors';

const MAX_PARAMETER_LENGTH = 200;
// Longer than a callback waits for Terra: if Terra's answer is not stored by then, this process has died.
const CALLBACK_LEASE_MS = 10_000;
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
    private readonly urls: BrowserUrls,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
  ) {}

  /**
   * Handles the success URL. The callback proves only that a browser came back. Terra's answer proves that an account
   * is connected. If Terra does not answer now, the session stays open for the webhook, and for the session worker,
   * which asks again. One success after a failure also counts, because the widget lets an end user retry.
   *
   * @returns where to send the browser
   * @throws ConnectLinkUnknownError, ConnectLinkExpiredError
   */
  async succeed(nonce: string, parameters: CallbackParameters): Promise<string> {
    const session = await this.find(nonce);
    const { terraUserId: checkUserId } = parameters;
    const checkAt = checkUserId === null ? null : this.inMs(CALLBACK_LEASE_MS);
    if (await this.repository.useNonceOnSuccess(session, this.clock.now(), { checkUserId, checkAt })) {
      await this.confirm(session, checkUserId);
    }
    return this.leave(session);
  }

  /**
   * Handles the failure URL. The nonce proves that Terra's widget knew the session. A failure changes no connection.
   *
   * @returns where to send the browser
   * @throws ConnectLinkUnknownError, ConnectLinkExpiredError
   */
  async fail(nonce: string, parameters: CallbackParameters): Promise<string> {
    const session = await this.find(nonce);
    if (await this.repository.useNonceOnFailure(session.id, this.clock.now())) {
      this.metrics.callbacks.inc({ outcome: 'failure' });
      await this.confirmation.recordFailure(session, parameters.reason);
    }
    return this.leave(session);
  }

  /**
   * Says where the session's current status sends the browser. It does not use up the nonce.
   *
   * @throws ConnectLinkUnknownError, ConnectLinkExpiredError
   */
  async preview(nonce: string): Promise<string> {
    return this.leave(await this.find(nonce));
  }

  private async confirm(session: ConnectSession, terraUserId: string | null): Promise<void> {
    if (terraUserId === null) {
      // A phone-only provider returns no user: the phone's app connects the account, and a webhook reports it.
      this.metrics.callbacks.inc({ outcome: 'no_user' });
      return;
    }
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
      throw new ConnectLinkExpiredError();
    return session;
  }

  // A reload of the callback URL redirects again, with the session's current status.
  private async leave({ id }: ConnectSession): Promise<string> {
    const found = await this.repository.findById(id);
    if (!found) throw new ConnectLinkUnknownError();
    const session = asOf(found, this.clock.now());
    const status = RETURN_STATUS[session.status];
    const wentWell = status === 'connected' || status === 'pending';
    const target = wentWell ? session.returnUrl : (session.failureReturnUrl ?? session.returnUrl);
    return this.urls.withOutcome(target, id, status);
  }
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
