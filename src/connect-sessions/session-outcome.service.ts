import { Injectable, Logger } from '@nestjs/common';
import { In, type EntityManager } from 'typeorm';
import { Clock } from '../common';
import { Connection, ConnectionLifecycleService } from '../connections';
import { afterCommit } from '../database';
import { Metrics } from '../observability';
import { mayBecome, statusOfFailure, type ConnectSessionStatus } from './connect-session-status';
import type { ConnectSession } from './connect-session.entity';
import { ConnectSessionRepository, type SessionClue } from './connect-session.repository';

/** A Terra user that was linked, and whether just now. */
export interface SessionLink {
  terraUserId: string;
  provider: string;
  connectionId: string;
  joined: boolean;
}

/** Ends sessions, whoever brought the news. Methods run inside the caller's transaction and may be called twice. */
@Injectable()
export class SessionOutcomeService {
  private readonly logger = new Logger(SessionOutcomeService.name);

  constructor(
    private readonly repository: ConnectSessionRepository,
    private readonly lifecycle: ConnectionLifecycleService,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
  ) {}

  /**
   * A Terra user was linked; the session that led to it, if there is one, is completed. A repetition of old news may only
   * complete the session that it names, or it would complete a later one.
   */
  async recordConnected(manager: EntityManager, clue: SessionClue, link: SessionLink): Promise<void> {
    const named = await this.repository.lockNamed(manager, clue);
    const session = named ?? (link.joined ? await this.repository.lockConnectable(manager, clue) : null);
    if (!session) return;
    // T-26: the person may only have connected what the session was made for; the link is true all the same.
    if (clue.provider !== null && !offers(session, clue.provider)) this.reportMismatch(manager, session);
    else await this.complete(manager, session, link, clue.occurredAt);
  }

  async recordConnectedIn(
    manager: EntityManager,
    sessionId: string,
    link: SessionLink,
    occurredAt: Date,
  ): Promise<void> {
    const session = await this.repository.lock(manager, sessionId);
    if (session) await this.complete(manager, session, link, occurredAt);
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
    link: SessionLink,
    occurredAt: Date,
  ): Promise<void> {
    const connectionId = (await this.reconnect(manager, session, link, occurredAt)) ?? link.connectionId;
    const createdAt = this.clock.now();
    await this.repository.addConnection(manager, { sessionId: session.id, connectionId, createdAt });
    // With multiAuth another account's news says nothing about the one that the landing named.
    const answered = !session.multiAuth || session.checkUserId === link.terraUserId;
    if (session.checkAt !== null && answered) await this.repository.endChecks(manager, session.id);
    await this.end(manager, session, 'completed', null);
  }

  /**
   * A session that was made to reconnect a connection says so of the Terra user that came out of it, if that is of the
   * same end user at the same provider.
   */
  private async reconnect(
    manager: EntityManager,
    { id, reconnectsConnectionId, reconnectsTerraUserId: oldTerraUserId, referenceId }: ConnectSession,
    { terraUserId, provider, connectionId }: SessionLink,
    occurredAt: Date,
  ): Promise<string | null> {
    if (reconnectsConnectionId === null || oldTerraUserId === null || oldTerraUserId === terraUserId)
      return null;
    const both = [...new Set([reconnectsConnectionId, connectionId])];
    const found = await manager.findBy(Connection, { id: In(both) });
    const areOneOwners = found.every((one) => one.referenceId === referenceId && one.provider === provider);
    // One that is not there any more belongs to somebody who was erased.
    if (found.length < both.length || !areOneOwners) return null;
    const swap = {
      terraUserId,
      oldTerraUserId,
      referenceId,
      oldReferenceId: referenceId,
      provider,
      occurredAt,
    };
    const recorded = await this.lifecycle.record(manager, [
      { ...swap, kind: 'swapped', cause: 'reconnect', source: 'callback', sourceId: id },
    ]);
    return recorded.get(terraUserId)?.connection?.id ?? null;
  }

  private reportMismatch(manager: EntityManager, { id: sessionId }: ConnectSession): void {
    afterCommit(manager, () => {
      this.metrics.sessionMismatches.inc();
      this.logger.error({ event: 'session.provider_mismatch', sessionId });
    });
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
    afterCommit(manager, () => {
      this.metrics.sessions.inc({ status });
      this.logger.log({ event: `session.${status}`, sessionId: session.id });
    });
  }
}

function offers({ providers }: ConnectSession, provider: string): boolean {
  return providers.length === 0 || providers.includes(provider);
}
