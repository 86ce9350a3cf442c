import { Injectable, Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Clock } from '../common';
import { Metrics } from '../observability';
import { mayBecome, statusOfFailure, type ConnectSessionStatus } from './connect-session-status';
import type { ConnectSession } from './connect-session.entity';
import { ConnectSessionRepository, type SessionClue } from './connect-session.repository';

/** Ends sessions, whoever brought the news. Methods run inside the caller's transaction and may be called twice. */
@Injectable()
export class SessionOutcomeService {
  private readonly logger = new Logger(SessionOutcomeService.name);

  constructor(
    private readonly repository: ConnectSessionRepository,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
  ) {}

  /**
   * A connection came to be; the session that led to it, if there is one, is completed.
   *
   * @param isNew whether this news made the connection. A repetition of old news may only complete the session that it
   *   names, or it would complete a later one.
   */
  async recordConnected(
    manager: EntityManager,
    clue: SessionClue,
    connectionId: string,
    isNew: boolean,
  ): Promise<void> {
    const named = await this.repository.lockNamed(manager, clue);
    const session = named ?? (isNew ? await this.repository.lockConnectable(manager, clue) : null);
    if (session) await this.complete(manager, session, connectionId);
  }

  async recordConnectedIn(manager: EntityManager, sessionId: string, connectionId: string): Promise<void> {
    const session = await this.repository.lock(manager, sessionId);
    if (session) await this.complete(manager, session, connectionId);
  }

  /** An attempt failed or was cancelled. Links nothing and unlinks nothing. */
  async recordFailed(manager: EntityManager, clue: SessionClue, reason: string | null): Promise<void> {
    const named = await this.repository.lockNamed(manager, clue);
    const session = named ?? (await this.repository.lockFailable(manager, clue));
    if (session) await this.fail(manager, session, reason);
  }

  async recordFailedIn(manager: EntityManager, sessionId: string, reason: string | null): Promise<void> {
    const session = await this.repository.lock(manager, sessionId);
    if (session) await this.fail(manager, session, reason);
  }

  private async complete(
    manager: EntityManager,
    session: ConnectSession,
    connectionId: string,
  ): Promise<void> {
    const now = this.clock.now();
    await this.repository.addConnection(manager, { sessionId: session.id, connectionId, createdAt: now });
    await this.end(manager, session, 'completed', null);
  }

  private async fail(manager: EntityManager, session: ConnectSession, reason: string | null): Promise<void> {
    const status = statusOfFailure(reason);
    // The redirect often knows no reason and comes first: the webhook that knows it may add it.
    if ((session.status === 'failed' || session.status === 'cancelled') && !session.failureReason && reason) {
      await this.repository.recordEnd(manager, session.id, {
        status,
        failureReason: reason,
        endedAt: session.endedAt,
        updatedAt: this.clock.now(),
      });
      return;
    }
    await this.end(manager, session, status, reason);
  }

  private async end(
    manager: EntityManager,
    session: ConnectSession,
    status: ConnectSessionStatus,
    failureReason: string | null,
  ): Promise<void> {
    if (!mayBecome(session.status, status)) return;
    const now = this.clock.now();
    await this.repository.recordEnd(manager, session.id, {
      status,
      failureReason,
      endedAt: now,
      updatedAt: now,
    });
    this.metrics.sessions.inc({ status });
    this.logger.log({ event: `session.${status}`, sessionId: session.id });
  }
}
