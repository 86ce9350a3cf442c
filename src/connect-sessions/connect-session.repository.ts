import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, IsNull, LessThan, type FindOptionsWhere } from 'typeorm';
import { insertIfAbsent, runSql } from '../database';
import { ConnectSessionConnection } from './connect-session-connection.entity';
import { ConnectSession } from './connect-session.entity';

export type WidgetAnswer = Pick<
  ConnectSession,
  'terraSessionId' | 'widgetUrl' | 'widgetGeneration' | 'warnings' | 'expiresAt'
>;

const WRITE_TIMEOUT_MS = 5_000;

/** Reads and writes connect sessions. The WHERE of a write that changes the status names the expected state. */
@Injectable()
export class ConnectSessionRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  findById(id: string): Promise<ConnectSession | null> {
    return this.dataSource.manager.findOneBy(ConnectSession, { id });
  }

  /** The sessions of an end user, newest first. */
  listOf(referenceId: string, limit: number): Promise<ConnectSession[]> {
    return this.dataSource.manager.find(ConnectSession, {
      where: { referenceId },
      order: { id: 'DESC' },
      take: limit,
    });
  }

  async findByConnectToken(connectToken: string): Promise<ConnectSession | null> {
    // Postgres rejects a text that contains NUL with an error.
    if (!/^[\w-]+$/.test(connectToken)) return null;
    return this.dataSource.manager.findOneBy(ConnectSession, { connectToken });
  }

  findByNonceHash(returnNonceHash: Buffer): Promise<ConnectSession | null> {
    return this.dataSource.manager.findOneBy(ConnectSession, { returnNonceHash });
  }

  async listConnectionIds(sessionId: string): Promise<string[]> {
    const rows = await this.dataSource.manager.find(ConnectSessionConnection, {
      where: { sessionId },
      order: { connectionId: 'ASC' },
    });
    return rows.map(({ connectionId }) => connectionId);
  }

  /**
   * Inserts the session unless its Idempotency-Key is taken.
   *
   * @returns the session that holds the key, or null when the given one was inserted
   */
  async insertOrFindHolder(session: ConnectSession): Promise<ConnectSession | null> {
    const timeout = { timeoutMs: WRITE_TIMEOUT_MS };
    if (await insertIfAbsent(this.dataSource, ConnectSession, session, timeout)) return null;
    const { apiKeyId, idempotencyKey } = session;
    if (idempotencyKey === null) throw new Error('A session with these secrets exists already.');
    const which = { apiKeyId: apiKeyId ?? IsNull(), idempotencyKey };
    const holder = await this.dataSource.manager.findOneBy(ConnectSession, which);
    // The holder has failed and released the key between the two statements, so try again.
    return holder ?? this.insertOrFindHolder(session);
  }

  /** Releases the key of a holder whose process died between its insert and Terra's answer. */
  async releaseAbandoned(id: string, createdBefore: Date, now: Date): Promise<void> {
    await this.update(
      { id, widgetUrl: IsNull(), status: 'pending', createdAt: LessThan(createdBefore) },
      { status: 'failed', failureReason: 'abandoned', idempotencyKey: null, endedAt: now, updatedAt: now },
    );
  }

  /**
   * Stores Terra's answer. From now on, the end user can open the session.
   *
   * @returns false if the session was closed meanwhile
   */
  async storeWidget(id: string, widget: WidgetAnswer): Promise<boolean> {
    const { terraSessionId, widgetUrl, widgetGeneration, warnings, expiresAt } = widget;
    const { count } = await runSql(
      this.dataSource,
      `UPDATE terra_connect.connect_sessions
        SET terra_session_id = $2, widget_url = $3, widget_generation = $4, warnings = $5, expires_at = $6
        WHERE id = $1 AND status = 'pending' AND widget_url IS NULL`,
      [id, terraSessionId, widgetUrl, widgetGeneration, warnings, expiresAt],
      { timeoutMs: WRITE_TIMEOUT_MS },
    );
    return count === 1;
  }

  /** Stores that the creation failed. The session stays, and its idempotency key can be used again. */
  async recordCreationFailure(id: string, failureReason: string, now: Date): Promise<void> {
    await this.update(
      { id, status: 'pending', widgetUrl: IsNull() },
      { status: 'failed', failureReason, idempotencyKey: null, endedAt: now, updatedAt: now },
    );
  }

  /** Marks a pending session as opened. @returns false if the session was not pending */
  markOpened(id: string, now: Date): Promise<boolean> {
    return this.update({ id, status: 'pending' }, { status: 'opened', openedAt: now, updatedAt: now });
  }

  /** Uses up the callback nonce on a failure. @returns true for exactly one of several simultaneous requests */
  useNonceOnFailure(id: string, now: Date): Promise<boolean> {
    return this.update({ id, returnSpentAt: IsNull() }, { returnSpentAt: now });
  }

  /**
   * Uses up the callback nonce on a success, also after a failure, because Terra's widget lets an end user retry. The
   * same statement schedules a check: if this process dies while it asks Terra, the worker asks.
   *
   * @returns true for exactly one of several simultaneous requests
   */
  useNonceOnSuccess(
    { id, returnSpentAt }: ConnectSession,
    now: Date,
    check: Pick<ConnectSession, 'checkUserId' | 'checkAt'>,
  ): Promise<boolean> {
    return this.update(
      { id, successCallbackAt: IsNull() },
      { ...check, successCallbackAt: now, returnSpentAt: returnSpentAt ?? now },
    );
  }

  /** Schedules the next check of an unconfirmed callback; null: no further check. */
  async scheduleCheck(id: string, checkAt: Date | null): Promise<void> {
    await this.update({ id }, { checkAt });
  }

  private async update(
    which: FindOptionsWhere<ConnectSession>,
    change: Partial<Omit<ConnectSession, 'metadata'>>,
  ): Promise<boolean> {
    const { affected } = await this.dataSource.manager.update(ConnectSession, which, change);
    return affected === 1;
  }
}
