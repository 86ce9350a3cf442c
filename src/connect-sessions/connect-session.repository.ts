import { Injectable } from '@nestjs/common';
import { InjectDataSource, InjectRepository } from '@nestjs/typeorm';
import { DataSource, In, IsNull, LessThan, MoreThan, Repository, type EntityManager } from 'typeorm';
import { hasSqlState, prepareInsert, runPrepared, UNIQUE_VIOLATION } from '../database';
import { ConnectSessionConnection } from './connect-session-connection.entity';
import { ConnectSession } from './connect-session.entity';

export interface SessionClue {
  referenceId: string;
  /** Terra's id of the widget session, if the event names it. */
  widgetSessionId: string | null;
  provider: string | null;
}

export type WidgetAnswer = Pick<
  ConnectSession,
  'terraSessionId' | 'widgetUrl' | 'widgetGeneration' | 'warnings' | 'expiresAt'
>;

const WRITE_TIMEOUT_MS = 5_000;

/** Reads and conditional writes of connect sessions: each guards the state it starts from in its WHERE. */
@Injectable()
export class ConnectSessionRepository {
  private readonly insert: ReturnType<typeof prepareInsert<ConnectSession>>;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @InjectRepository(ConnectSession) private readonly sessions: Repository<ConnectSession>,
  ) {
    this.insert = prepareInsert(dataSource, ConnectSession);
  }

  findById(id: string): Promise<ConnectSession | null> {
    return this.sessions.findOneBy({ id });
  }

  async findByConnectToken(connectToken: string): Promise<ConnectSession | null> {
    // Postgres would not even look for a text with a NUL in it.
    if (!/^[\w-]+$/.test(connectToken)) return null;
    return this.sessions.findOneBy({ connectToken });
  }

  findByNonceHash(returnNonceHash: Buffer): Promise<ConnectSession | null> {
    return this.sessions.findOneBy({ returnNonceHash });
  }

  /**
   * Inserts the session unless its Idempotency-Key is taken.
   *
   * @returns the session that holds the key, or null when the given one was inserted
   */
  async insertOrFindHolder(session: ConnectSession): Promise<ConnectSession | null> {
    const { apiKeyId, idempotencyKey } = session;
    try {
      const { statement, valuesOf } = this.insert;
      await runPrepared(this.dataSource, statement, valuesOf(session), WRITE_TIMEOUT_MS);
      return null;
    } catch (error) {
      if (!hasSqlState(error, UNIQUE_VIOLATION, 'connect_sessions_idempotency_key_idx')) throw error;
    }
    const holder = await this.sessions.findOneBy({
      apiKeyId: apiKeyId ?? IsNull(),
      idempotencyKey: idempotencyKey ?? IsNull(),
    });
    // A holder that failed between the two statements has freed the key: it is there to be taken.
    return holder ?? this.insertOrFindHolder(session);
  }

  /** Frees a key whose holder died between our insert and Terra's answer. */
  async releaseAbandoned(id: string, createdBefore: Date): Promise<void> {
    await this.sessions.update(
      { id, widgetUrl: IsNull(), status: 'pending', createdAt: LessThan(createdBefore) },
      { status: 'failed', failureReason: 'abandoned', idempotencyKey: null },
    );
  }

  /** Terra has answered: the session can be opened. */
  async storeWidget(id: string, widget: WidgetAnswer): Promise<void> {
    const { terraSessionId, widgetUrl, widgetGeneration, warnings, expiresAt } = widget;
    const values = [id, terraSessionId, widgetUrl, widgetGeneration, warnings, expiresAt];
    await runPrepared(this.dataSource, STORE_WIDGET, values, WRITE_TIMEOUT_MS);
  }

  /** Terra has refused: the attempt stays on record, its idempotency key is free again. */
  async recordCreationFailure(id: string, failureReason: string, now: Date): Promise<void> {
    await this.sessions.update(
      { id, status: 'pending', widgetUrl: IsNull() },
      { status: 'failed', failureReason, idempotencyKey: null, endedAt: now, updatedAt: now },
    );
  }

  /** Only a pending session becomes opened; for one that is further along nothing happens. */
  async markOpened(id: string, now: Date): Promise<boolean> {
    const { affected } = await this.sessions.update(
      { id, status: 'pending' },
      { status: 'opened', openedAt: now, updatedAt: now },
    );
    return affected === 1;
  }

  /** Spends the return nonce. Of any number of callers exactly one gets true. */
  async spendNonce(id: string, now: Date): Promise<boolean> {
    const { affected } = await this.sessions.update({ id, returnSpentAt: IsNull() }, { returnSpentAt: now });
    return affected === 1;
  }

  async listConnectionIds(sessionId: string): Promise<string[]> {
    const rows = await this.sessions.manager.find(ConnectSessionConnection, {
      where: { sessionId },
      order: { connectionId: 'ASC' },
    });
    return rows.map(({ connectionId }) => connectionId);
  }

  /** Locks a session for change within the caller's transaction. */
  lock(manager: EntityManager, id: string): Promise<ConnectSession | null> {
    return manager.findOne(ConnectSession, { where: { id }, lock: { mode: 'pessimistic_write' } });
  }

  /**
   * Finds and locks the session that an event belongs to: the one that Terra names, else the newest that this person
   * could have used. Whether `widget_session_id` equals the `session_id` of the creation is likely but not documented,
   * hence the second way.
   */
  async lockForEvent(manager: EntityManager, clue: SessionClue, now: Date): Promise<ConnectSession | null> {
    const { referenceId, widgetSessionId, provider } = clue;
    const lock = { mode: 'pessimistic_write' } as const;
    if (widgetSessionId !== null) {
      const named = await manager.findOne(ConnectSession, {
        where: { referenceId, terraSessionId: widgetSessionId },
        lock,
      });
      if (named) return named;
    }
    const candidates = await manager.find(ConnectSession, {
      where: {
        referenceId,
        status: In(['pending', 'opened', 'failed', 'cancelled']),
        expiresAt: MoreThan(now),
      },
      order: { id: 'DESC' },
      take: 10,
      lock,
    });
    const usable = candidates.filter(
      ({ providers, widgetUrl }) =>
        widgetUrl !== null && (provider === null || providers.length === 0 || providers.includes(provider)),
    );
    return usable.find(({ status }) => status === 'opened') ?? usable[0] ?? null;
  }

  async addConnection(manager: EntityManager, link: ConnectSessionConnection): Promise<void> {
    await manager
      .createQueryBuilder()
      .insert()
      .into(ConnectSessionConnection)
      .values(link)
      .orIgnore()
      .execute();
  }
}

const STORE_WIDGET = {
  name: 'terra_connect_store_widget',
  text: `UPDATE terra_connect.connect_sessions
    SET terra_session_id = $2, widget_url = $3, widget_generation = $4, warnings = $5, expires_at = $6
    WHERE id = $1 AND status = 'pending' AND widget_url IS NULL`,
};
