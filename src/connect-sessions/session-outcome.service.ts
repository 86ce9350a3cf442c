import { Injectable, Logger } from '@nestjs/common';
import { In, type EntityManager } from 'typeorm';
import { Clock } from '../common';
import { Connection, ConnectionLifecycleService } from '../connections';
import { afterCommit } from '../database';
import { Metrics } from '../observability';
import { mayBecome, statusOfFailure, type ConnectSessionStatus } from './connect-session-status';
import type { ConnectSession } from './connect-session.entity';
import { SessionOutcomeRepository, type SessionHint } from './session-outcome.repository';

/** A linked Terra user with its connection. `joined`: whether these facts linked it. */
export interface SessionLink {
  terraUserId: string;
  connection: Connection;
  joined: boolean;
}

/** Ends sessions, for webhooks and callbacks. Every method runs in the caller's transaction and is safe to repeat. */
@Injectable()
export class SessionOutcomeService {
  private readonly logger = new Logger(SessionOutcomeService.name);

  constructor(
    private readonly repository: SessionOutcomeRepository,
    private readonly lifecycle: ConnectionLifecycleService,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
  ) {}

  /**
   * Completes the session that led to a linked Terra user, if there is one. A repeated event completes only the session
   * that it names; otherwise it would complete a later session.
   */
  async recordConnected(manager: EntityManager, hint: SessionHint, link: SessionLink): Promise<void> {
    const named = await this.repository.lockNamed(manager, hint);
    const session = named ?? (link.joined ? await this.repository.lockConnectable(manager, hint) : null);
    if (!session) return;
    // T-26: the session was created for another provider, so it is not completed. The connection is still valid.
    if (hint.provider !== null && !offers(session, hint.provider)) this.reportMismatch(manager, session);
    else await this.complete(manager, session, link, hint.occurredAt);
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

  /** Completes the sessions that led to a connection which was provisional until now. */
  async recordAnnounced(manager: EntityManager, { id, terraUserId }: Connection): Promise<void> {
    for (const session of await this.repository.lockThatLedTo(manager, id))
      await this.finish(manager, session, terraUserId);
  }

  /** Ends the session of a failed or cancelled attempt. No connection changes. */
  async recordFailed(manager: EntityManager, hint: SessionHint, reason: string | null): Promise<void> {
    const named = await this.repository.lockNamed(manager, hint);
    const session = named ?? (await this.repository.lockFailable(manager, hint));
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
    const reconnectedId = await this.reconnect(manager, session, link, occurredAt);
    const { connection, terraUserId } = link;
    const connectionId = reconnectedId ?? connection.id;
    const createdAt = this.clock.now();
    await this.repository.addConnection(manager, { sessionId: session.id, connectionId, createdAt });
    // The session stays open until it is known which connection it led to: what a caller reads then is final.
    const isOpenQuestion = reconnectedId === null && connection.provisionalCheckAt !== null;
    if (!isOpenQuestion) await this.finish(manager, session, terraUserId);
  }

  private async finish(manager: EntityManager, session: ConnectSession, terraUserId: string): Promise<void> {
    // With multiAuth, an event about another account does not confirm the account that the callback names.
    const answered = !session.multiAuth || session.checkUserId === terraUserId;
    if (session.checkAt !== null && answered) await this.repository.endChecks(manager, session.id);
    await this.end(manager, session, 'completed', null);
  }

  /**
   * Records that the Terra user of a reconnect session replaces the connection's Terra user, if both belong to the same
   * end user and provider.
   */
  private async reconnect(
    manager: EntityManager,
    { id, reconnectsConnectionId, reconnectsTerraUserId: oldTerraUserId, referenceId }: ConnectSession,
    { terraUserId, connection: { id: connectionId, provider } }: SessionLink,
    occurredAt: Date,
  ): Promise<string | null> {
    if (reconnectsConnectionId === null || oldTerraUserId === null || oldTerraUserId === terraUserId)
      return null;
    const both = [...new Set([reconnectsConnectionId, connectionId])];
    const found = await manager.findBy(Connection, { id: In(both) });
    // A connection that no longer exists belonged to an erased end user.
    if (found.length < both.length || found.some((one) => one.referenceId !== referenceId)) return null;
    const old = found.find((one) => one.id === reconnectsConnectionId && one.provider !== provider);
    if (old) {
      // The session offered a provider that succeeds the one of the connection: another account, not a reconnect.
      await this.lifecycle.succeed(manager, old.mergedInto ?? old.id, connectionId, occurredAt);
      return null;
    }
    if (found.some((one) => one.provider !== provider)) return null;
    const swap = {
      terraUserId,
      oldTerraUserId,
      referenceId,
      oldReferenceId: referenceId,
      provider,
      occurredAt,
    };
    const [recorded] = await this.lifecycle.record(manager, [
      { ...swap, kind: 'swapped', cause: 'reconnect', source: 'callback', sourceId: id },
    ]);
    return recorded?.connection?.id ?? null;
  }

  private reportMismatch(manager: EntityManager, { id: sessionId }: ConnectSession): void {
    afterCommit(manager, () => {
      this.metrics.sessionMismatches.inc();
      this.logger.error({ event: 'session.provider_mismatch', sessionId });
    });
  }

  private async fail(manager: EntityManager, session: ConnectSession, reason: string | null): Promise<void> {
    const status = statusOfFailure(reason);
    // The callback often comes first and without a reason; the webhook may add the reason later.
    if (
      (session.status === 'failed' || session.status === 'cancelled') &&
      !session.failureReason &&
      !session.providerReason &&
      reason
    ) {
      await this.repository.recordEnd(manager, session.id, {
        status,
        providerReason: reason,
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
    providerReason: string | null,
  ): Promise<void> {
    if (!mayBecome(session.status, status)) return;
    const now = this.clock.now();
    await this.repository.recordEnd(manager, session.id, {
      status,
      providerReason,
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
