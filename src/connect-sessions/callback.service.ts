import { Inject, Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { Clock, sha256 } from '../common';
import { TERRA_CONNECT_OPTIONS, type TerraConnectOptions } from '../config';
import { inTransaction } from '../database';
import { Metrics } from '../observability';
import { RETURN_STATUS } from './connect-session-status';
import type { ConnectSession } from './connect-session.entity';
import { ConnectSessionRepository, RETURN_GRACE_MS } from './connect-session.repository';
import { ConnectLinkExpiredError, ConnectLinkUnknownError } from './connect-sessions.errors';
import { ConnectSessionsService } from './connect-sessions.service';
import { CallbackConfirmationService, mayBeConfirmedLater } from './callback-confirmation.service';
import { ReturnTargets } from './return-targets';
import { SessionOutcomeService } from './session-outcome.service';

const MAX_PARAMETER_LENGTH = 200;
// Longer than Terra is waited for here: if it has not been answered by then, this process has died over it.
const CALLBACK_LEASE_MS = 10_000;
// Short enough for a person who looks at our page; Terra may know its new user a moment later.
const FIRST_CHECK_MS = 2_000;

/** What Terra appends to the redirect URL. Unsigned: anybody can write anything here. */
export interface CallbackParameters {
  terraUserId: string | null;
  reason: string | null;
}

/** The browser comes back from the widget. */
@Injectable()
export class CallbackService {
  private readonly logger = new Logger(CallbackService.name);

  constructor(
    private readonly repository: ConnectSessionRepository,
    private readonly sessions: ConnectSessionsService,
    private readonly outcome: SessionOutcomeService,
    private readonly confirmation: CallbackConfirmationService,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
    @InjectDataSource() private readonly dataSource: DataSource,
    @Inject(TERRA_CONNECT_OPTIONS) private readonly options: TerraConnectOptions,
  ) {}

  /**
   * Terra sent the browser to our success URL. That proves that somebody came back, not that anything was connected: only
   * Terra's own answer does. If it cannot be had now, the session stays open for the webhook, and for the session worker,
   * which asks again. After a failure the widget lets a person try again, so a success is heard then, too: once.
   *
   * @returns where to send the browser
   * @throws ConnectLinkUnknownError, ConnectLinkExpiredError
   */
  async succeed(nonce: string, parameters: CallbackParameters): Promise<string> {
    const session = await this.find(nonce);
    const { terraUserId: checkUserId } = parameters;
    const checkAt = checkUserId === null ? null : this.inMs(CALLBACK_LEASE_MS);
    if (await this.repository.spendOnSuccess(session, this.clock.now(), { checkUserId, checkAt })) {
      await this.confirm(session, checkUserId);
    }
    return this.leave(session);
  }

  /** Terra sent the browser to our failure URL. The nonce shows that the widget knew this session; no link depends on it. */
  async fail(nonce: string, parameters: CallbackParameters): Promise<string> {
    const session = await this.find(nonce);
    if (await this.repository.spendOnFailure(session.id, this.clock.now())) {
      this.metrics.callbacks.inc({ outcome: 'failure' });
      await inTransaction(this.dataSource, (manager) =>
        this.outcome.recordFailedIn(manager, session.id, parameters.reason),
      );
    }
    return this.leave(session);
  }

  private async confirm(session: ConnectSession, terraUserId: string | null): Promise<void> {
    if (terraUserId === null) {
      // Phone-only providers come back like this; the phone's app finishes, and the webhook tells us.
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
    if (session.expiresAt.getTime() + RETURN_GRACE_MS < this.clock.now().getTime())
      throw new ConnectLinkExpiredError();
    return session;
  }

  // Reloading the page or coming back to it gets the same answer, with the status of that moment.
  private async leave({ id }: ConnectSession): Promise<string> {
    const { session } = await this.sessions.get(id);
    const status = RETURN_STATUS[session.status];
    const wentWell = status === 'connected' || status === 'pending';
    const target = wentWell ? session.returnUrl : (session.failureReturnUrl ?? session.returnUrl);
    return ReturnTargets.withOutcome(target ?? `${this.options.publicUrl}/connect/result`, id, status);
  }
}

/** Takes from the query what may be a hint; a value that is absent arrives as the text `null`. */
export function readCallbackParameters(query: Record<string, unknown>): CallbackParameters {
  return { terraUserId: readParameter(query.user_id), reason: readParameter(query.reason) };
}

function readParameter(value: unknown): string | null {
  if (typeof value !== 'string' || value === '' || value === 'null' || value.length > MAX_PARAMETER_LENGTH)
    return null;
  return /\p{Cc}/u.test(value) || !value.isWellFormed() ? null : value;
}
