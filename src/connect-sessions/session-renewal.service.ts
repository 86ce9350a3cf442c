import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { DomainError } from '../common';
import { ConnectLinkService } from './connect-link.service';
import type { ConnectSession } from './connect-session.entity';
import { ConnectSessionRepository } from './connect-session.repository';
import { ConnectLinkExpiredError, IdempotencyInFlightError } from './connect-sessions.errors';
import { ConnectSessionsService } from './connect-sessions.service';
import { MAX_RENEWALS } from './session-renewals';

// A double click sends two requests. The second waits as long as Terra usually takes.
const IN_FLIGHT_ATTEMPTS = 20;
const IN_FLIGHT_WAIT_MS = 250;

/** Makes a fresh session for an expired link, if the caller allowed it. */
@Injectable()
export class SessionRenewalService {
  private readonly logger = new Logger(SessionRenewalService.name);

  constructor(
    private readonly links: ConnectLinkService,
    private readonly sessions: ConnectSessionsService,
    private readonly repository: ConnectSessionRepository,
  ) {}

  /**
   * Makes a session with the settings of an expired one. It has secrets and a widget session of its own. A repeated
   * request gets the same session while that is open. The quota of the end user applies (T-21).
   *
   * @returns the connect URL of the session that is open now
   * @throws ConnectLinkUnknownError, ConnectLinkSpentError, ConnectLinkExpiredError, RateLimitedError,
   *   IdempotencyInFlightError, and the Terra errors of `terra.errors.ts`
   */
  async renew(connectToken: string): Promise<{ session: ConnectSession; connectUrl: string }> {
    // A fresh session can have expired, too, while this service did not know of it: then it is renewed next.
    for (let step = 0; step <= MAX_RENEWALS; step += 1) {
      const newest = await this.links.newest(connectToken);
      if (this.links.isOpen(newest))
        return { session: newest, connectUrl: this.sessions.connectUrlOf(newest) };
      await this.replace(newest);
    }
    throw new Error('A session was renewed more often than its limit allows.');
  }

  private async replace(expired: ConnectSession): Promise<void> {
    const { session } = await this.create(expired);
    await this.repository.recordRenewal(expired.id, session.id);
    this.logger.log({ event: 'session.renewed', sessionId: session.id, renewedFrom: expired.id });
  }

  // The key contains spaces, so it is no Idempotency-Key of a caller. It makes one session of requests at the same moment.
  private async create(expired: ConnectSession, attempt = 1): ReturnType<ConnectSessionsService['create']> {
    const { apiKeyId, id } = expired;
    try {
      return await this.sessions.create(requestOf(expired), {
        apiKeyId: apiKeyId ?? undefined,
        idempotencyKey: `renewal of ${id}`,
        renews: expired,
      });
    } catch (error) {
      if (error instanceof IdempotencyInFlightError && attempt < IN_FLIGHT_ATTEMPTS) {
        await sleep(IN_FLIGHT_WAIT_MS);
        return this.create(expired, attempt + 1);
      }
      throw cannotBeRepeated(error) ? new ConnectLinkExpiredError(expired, { isRenewable: false }) : error;
    }
  }
}

// The request was valid once. Since then the provider, the connection or the return URL may have been removed.
function cannotBeRepeated(error: unknown): boolean {
  if (!(error instanceof DomainError) || error instanceof IdempotencyInFlightError) return false;
  return error.kind === 'invalid' || error.kind === 'not_found' || error.kind === 'conflict';
}

function requestOf(session: ConnectSession): Parameters<ConnectSessionsService['create']>[0] {
  return {
    referenceId: session.referenceId,
    providers: session.providers,
    connectionId: session.reconnectsConnectionId ?? undefined,
    language: session.language ?? undefined,
    returnUrl: session.returnUrl ?? undefined,
    failureReturnUrl: session.failureReturnUrl ?? undefined,
    metadata: session.metadata ?? undefined,
    showDisconnect: session.showDisconnect,
    multiAuth: session.multiAuth,
    useTerraAvengersApp: session.useTerraAvengersApp,
    appleAppUrl: session.appleAppUrl ?? undefined,
    samsungAppUrl: session.samsungAppUrl ?? undefined,
    connectedUids: session.connectedUids,
    bypassFeedback: session.bypassFeedback ?? undefined,
  };
}
