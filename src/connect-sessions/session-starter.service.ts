import { Injectable, Logger } from '@nestjs/common';
import { Clock, DomainError, RateLimitedError } from '../common';
import { Metrics } from '../observability';
import { RateLimits } from '../rate-limits';
import { TerraClient } from '../terra';
import { toFailureReason } from './connect-session-status';
import type { ConnectSession } from './connect-session.entity';
import { ConnectSessionRepository, type LinkedSession } from './connect-session.repository';
import { IdempotencyInFlightError, IdempotencyKeyReusedError } from './connect-sessions.errors';
import { SessionEndingService } from './session-ending.service';

/** A creation takes less time, whatever times out. So an older session without a widget URL was abandoned. */
export const CREATION_LIMIT_MS = 30_000;

/** What the service sends to Terra with a session, but does not store. */
export interface WidgetInput {
  /** Where Terra sends the browser. They contain the secret whose hash the session holds. */
  successUrl: string;
  failureUrl: string;
  /** The codes by which Terra knows the providers of the session. */
  terraProviders: string[];
}

/** Stores a new session, and creates its widget session at Terra. */
@Injectable()
export class SessionStarterService {
  private readonly logger = new Logger(SessionStarterService.name);

  constructor(
    private readonly repository: ConnectSessionRepository,
    private readonly endings: SessionEndingService,
    private readonly terra: TerraClient,
    private readonly limits: RateLimits,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
  ) {}

  /**
   * @returns the started session, or the one that holds the idempotency key already
   * @throws RateLimitedError, IdempotencyKeyReusedError, IdempotencyInFlightError, and the Terra errors of `terra.errors.ts`
   */
  async start(session: ConnectSession, widget: WidgetInput): Promise<LinkedSession> {
    return (await this.claim(session)) ?? this.openAtTerra(session, widget);
  }

  /** @returns the session that holds the idempotency key already, or null when the new one was stored */
  private async claim(session: ConnectSession): Promise<LinkedSession | null> {
    const holder = await this.insertOrFindHolder(session);
    if (!holder) return null;
    if (session.idempotencyDigest && !holder.idempotencyDigest?.equals(session.idempotencyDigest)) {
      throw new IdempotencyKeyReusedError();
    }
    if (holder.widgetUrl !== null) return holder;
    const now = this.clock.now();
    await this.endings.releaseAbandoned(holder.id, new Date(now.getTime() - CREATION_LIMIT_MS), now);
    if (await this.insertOrFindHolder(session)) throw new IdempotencyInFlightError();
    return null;
  }

  // T-21: the quota also holds for a host that calls the service without HTTP.
  private async insertOrFindHolder(session: ConnectSession): Promise<LinkedSession | null> {
    const { policy } = this.limits.endUser;
    const insertion = await this.repository.insertOrFindHolder(session, policy);
    if (insertion.outcome === 'inserted') return null;
    if (insertion.outcome === 'key_taken') return insertion.holder;
    const secondsUntilPast = (createdAt: Date): number =>
      Math.max(
        1,
        Math.ceil((createdAt.getTime() - session.createdAt.getTime()) / 1_000) + policy.windowSeconds,
      );
    throw new RateLimitedError(
      { policy, remaining: 0, resetSeconds: secondsUntilPast(insertion.newestAt) },
      secondsUntilPast(insertion.oldestAt),
    );
  }

  private async openAtTerra(
    session: ConnectSession,
    { terraProviders: providers, ...callbackUrls }: WidgetInput,
  ): Promise<LinkedSession> {
    try {
      const request = { ...session, providers, ...callbackUrls };
      const widget = await this.terra.createWidgetSession(request);
      const change = {
        terraSessionId: widget.terraSessionId,
        widgetUrl: widget.url,
        widgetGeneration: widget.generation,
        warnings: widget.warnings,
        expiresAt: new Date(this.clock.now().getTime() + widget.expiresInSeconds * 1_000),
      };
      if (!(await this.repository.storeWidget(session.id, change))) throw new IdempotencyInFlightError();
      this.metrics.sessions.inc({ status: 'pending' });
      this.logger.log({ event: 'session.created', sessionId: session.id, generation: widget.generation });
      return { ...session, ...change, connectionIds: [] };
    } catch (error) {
      const failureReason = error instanceof DomainError ? toFailureReason(error.code) : 'internal';
      await this.endings.recordCreationFailure(session.id, failureReason, this.clock.now());
      throw error;
    }
  }
}
