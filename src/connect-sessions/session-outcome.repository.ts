import { Injectable } from '@nestjs/common';
import {
  In,
  IsNull,
  LessThanOrEqual,
  MoreThanOrEqual,
  Not,
  type EntityManager,
  type FindOptionsWhere,
} from 'typeorm';
import { insertIfAbsent } from '../database';
import { CALLBACK_GRACE_MS, CLOCK_DIFFERENCE_MS } from './connect-session-status';
import { ConnectSessionConnection } from './connect-session-connection.entity';
import { ConnectSession } from './connect-session.entity';

/** What an event says about the session that it belongs to. */
export interface SessionHint {
  referenceId: string;
  /** Terra's id of the widget session, if the event names it. */
  widgetSessionId: string | null;
  provider: string | null;
  occurredAt: Date;
}

/** The SQL that finds and locks the session of an event, and writes its outcome in the caller's transaction. */
@Injectable()
export class SessionOutcomeRepository {
  lock(manager: EntityManager, id: string): Promise<ConnectSession | null> {
    return manager.findOne(ConnectSession, { where: { id }, lock: { mode: 'pessimistic_write' } });
  }

  /** Locks the sessions that led to a connection. */
  async lockThatLedTo(manager: EntityManager, connectionId: string): Promise<ConnectSession[]> {
    const links = await manager.findBy(ConnectSessionConnection, { connectionId });
    return manager.find(ConnectSession, {
      where: { id: In(links.map(({ sessionId }) => sessionId)) },
      order: { id: 'ASC' },
      lock: { mode: 'pessimistic_write' },
    });
  }

  /** Locks the session whose widget session the event names, if that session belongs to the same end user. */
  async lockNamed(manager: EntityManager, hint: SessionHint): Promise<ConnectSession | null> {
    const { referenceId, widgetSessionId } = hint;
    if (widgetSessionId === null) return null;
    const where = { referenceId, terraSessionId: widgetSessionId };
    return manager.findOne(ConnectSession, { where, lock: { mode: 'pessimistic_write' } });
  }

  /**
   * Locks the session that a new connection probably came from, if the event names no known session: Terra does not
   * document that `widget_session_id` equals the `session_id` of the creation. Takes the newest session that the end
   * user could use at that time, an opened one first.
   */
  async lockConnectable(manager: EntityManager, hint: SessionHint): Promise<ConnectSession | null> {
    const candidates = await this.lockUsableThen(manager, hint, [
      { status: In(['pending', 'opened', 'failed', 'cancelled', 'expired']) },
      // The end user may still be at the widget and connect another provider.
      { status: 'completed', multiAuth: true },
    ]);
    return candidates.find(({ status }) => status === 'opened') ?? candidates[0] ?? null;
  }

  /**
   * Locks the session that a failed attempt probably came from: one that ended without a reason, otherwise an opened
   * one. Takes a session that was never opened only if it is the only candidate, because its link would stop working
   * for an attempt that may have come from elsewhere.
   */
  async lockFailable(manager: EntityManager, hint: SessionHint): Promise<ConnectSession | null> {
    const candidates = await this.lockUsableThen(manager, hint, [
      { status: In(['pending', 'opened', 'failed', 'cancelled']) },
    ]);
    const unexplained = candidates.find(
      ({ endedAt, failureReason, providerReason }) => endedAt && !failureReason && !providerReason,
    );
    const opened = candidates.find(({ status }) => status === 'opened');
    const only = candidates.length === 1 ? candidates[0] : undefined;
    return unexplained ?? opened ?? only ?? null;
  }

  private async lockUsableThen(
    manager: EntityManager,
    { referenceId, provider, occurredAt }: SessionHint,
    alternatives: FindOptionsWhere<ConnectSession>[],
  ): Promise<ConnectSession[]> {
    const at = occurredAt.getTime();
    const usableThen = {
      referenceId,
      widgetUrl: Not(IsNull()),
      createdAt: LessThanOrEqual(new Date(at + CLOCK_DIFFERENCE_MS)),
      expiresAt: MoreThanOrEqual(new Date(at - CALLBACK_GRACE_MS)),
    };
    const found = await manager.find(ConnectSession, {
      where: alternatives.map((alternative) => ({ ...usableThen, ...alternative })),
      order: { id: 'DESC' },
      take: 10,
      lock: { mode: 'pessimistic_write' },
    });
    return found.filter(
      ({ providers }) => provider === null || providers.length === 0 || providers.includes(provider),
    );
  }

  /** Writes the end of a session whose lock the caller holds. */
  async recordEnd(
    manager: EntityManager,
    id: string,
    end: Pick<ConnectSession, 'status' | 'providerReason' | 'endedAt' | 'updatedAt'>,
  ): Promise<void> {
    await manager.update(ConnectSession, { id }, { ...end, failureReason: null });
  }

  /** Ends the checks of a callback with Terra. */
  async endChecks(manager: EntityManager, id: string): Promise<void> {
    await manager.update(ConnectSession, { id }, { checkAt: null });
  }

  async addConnection(manager: EntityManager, link: ConnectSessionConnection): Promise<void> {
    await insertIfAbsent(manager, ConnectSessionConnection, link);
  }
}
