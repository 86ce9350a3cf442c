import { Injectable } from '@nestjs/common';
import { InjectDataSource, InjectRepository } from '@nestjs/typeorm';
import {
  DataSource,
  In,
  IsNull,
  LessThan,
  LessThanOrEqual,
  MoreThanOrEqual,
  Not,
  Repository,
  type EntityManager,
  type FindOptionsWhere,
} from 'typeorm';
import { prepareInsert, runPrepared } from '../database';
import { ConnectSessionConnection } from './connect-session-connection.entity';
import { ConnectSession } from './connect-session.entity';

export interface SessionClue {
  referenceId: string;
  /** Terra's id of the widget session, if the event names it. */
  widgetSessionId: string | null;
  provider: string | null;
  /** When it happened, by Terra's word. */
  occurredAt: Date;
}

export type WidgetAnswer = Pick<
  ConnectSession,
  'terraSessionId' | 'widgetUrl' | 'widgetGeneration' | 'warnings' | 'expiresAt'
>;

const WRITE_TIMEOUT_MS = 5_000;
// Somebody who opened the widget in its last minute may still be at the provider's page when the session expires.
export const RETURN_GRACE_MS = 60 * 60_000;
// Between Terra's clock and ours.
const CLOCK_DIFFERENCE_MS = 2_000;

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

  listOf(referenceId: string, limit: number): Promise<ConnectSession[]> {
    return this.sessions.find({ where: { referenceId }, order: { id: 'DESC' }, take: limit });
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
    const { statement, valuesOf } = this.insert;
    const { rowCount } = await runPrepared(this.dataSource, statement, valuesOf(session), WRITE_TIMEOUT_MS);
    if (rowCount === 1) return null;
    if (idempotencyKey === null) throw new Error('A session with these secrets exists already.');
    const holder = await this.sessions.findOneBy({
      apiKeyId: apiKeyId ?? IsNull(),
      idempotencyKey,
    });
    // A holder that failed between the two statements has freed the key: it is there to be taken.
    return holder ?? this.insertOrFindHolder(session);
  }

  /** Frees a key whose holder died between our insert and Terra's answer. */
  async releaseAbandoned(id: string, createdBefore: Date, now: Date): Promise<void> {
    await this.sessions.update(
      { id, widgetUrl: IsNull(), status: 'pending', createdAt: LessThan(createdBefore) },
      { status: 'failed', failureReason: 'abandoned', idempotencyKey: null, endedAt: now, updatedAt: now },
    );
  }

  /**
   * Terra has answered: the session can be opened.
   *
   * @returns false when the session was given up meanwhile
   */
  async storeWidget(id: string, widget: WidgetAnswer): Promise<boolean> {
    const { terraSessionId, widgetUrl, widgetGeneration, warnings, expiresAt } = widget;
    const values = [id, terraSessionId, widgetUrl, widgetGeneration, warnings, expiresAt];
    const { rowCount } = await runPrepared(this.dataSource, STORE_WIDGET, values, WRITE_TIMEOUT_MS);
    return rowCount === 1;
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

  /** Spends the return nonce on a failure. Of any number of callers exactly one gets true. */
  async spendOnFailure(id: string, now: Date): Promise<boolean> {
    const { affected } = await this.sessions.update({ id, returnSpentAt: IsNull() }, { returnSpentAt: now });
    return affected === 1;
  }

  /**
   * Spends the return nonce on a success, also on one that follows a failure: Terra's widget lets a person try again. Of
   * any number of callers exactly one gets true. Within the same statement it is noted what to ask Terra about, and when:
   * a process that dies while it asks leaves that to the worker.
   */
  async spendOnSuccess(
    { id, returnSpentAt }: ConnectSession,
    now: Date,
    check: Pick<ConnectSession, 'checkUserId' | 'checkAt'>,
  ): Promise<boolean> {
    const { affected } = await this.sessions.update(
      { id, successCallbackAt: IsNull() },
      { ...check, successCallbackAt: now, returnSpentAt: returnSpentAt ?? now },
    );
    return affected === 1;
  }

  /** The landing could not be confirmed: says when Terra is to be asked again; null: never. */
  async scheduleCheck(id: string, checkAt: Date | null): Promise<void> {
    await this.sessions.update({ id }, { checkAt });
  }

  /** There is nothing left to ask about. */
  async endChecks(manager: EntityManager, id: string): Promise<void> {
    await manager.update(ConnectSession, { id }, { checkAt: null });
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

  /** Locks the session whose widget session the event names, if that is this person's. */
  async lockNamed(manager: EntityManager, clue: SessionClue): Promise<ConnectSession | null> {
    const { referenceId, widgetSessionId } = clue;
    if (widgetSessionId === null) return null;
    const where = { referenceId, terraSessionId: widgetSessionId };
    return manager.findOne(ConnectSession, { where, lock: { mode: 'pessimistic_write' } });
  }

  /**
   * Locks the session that a new connection must have come from when the event names none that we know: whether
   * `widget_session_id` equals the `session_id` of the creation is likely but not documented. The newest that this person
   * could use at that time, one that was opened first.
   */
  async lockConnectable(manager: EntityManager, clue: SessionClue): Promise<ConnectSession | null> {
    const candidates = await this.lockUsableThen(manager, clue, [
      { status: In(['pending', 'opened', 'failed', 'cancelled', 'expired']) },
      // The person is still at the widget and connects the next provider.
      { status: 'completed', multiAuth: true },
    ]);
    return candidates.find(({ status }) => status === 'opened') ?? candidates[0] ?? null;
  }

  /**
   * Locks the session that a failed attempt must have been of: one that ended for an unknown reason, else one that is
   * open. One that nobody has opened only if there was no other: its link would die for something that it had no part in.
   */
  async lockFailable(manager: EntityManager, clue: SessionClue): Promise<ConnectSession | null> {
    const candidates = await this.lockUsableThen(manager, clue, [
      { status: In(['pending', 'opened', 'failed', 'cancelled']) },
    ]);
    const unexplained = candidates.find(({ endedAt, failureReason }) => endedAt && failureReason === null);
    const opened = candidates.find(({ status }) => status === 'opened');
    const only = candidates.length === 1 ? candidates[0] : undefined;
    return unexplained ?? opened ?? only ?? null;
  }

  private async lockUsableThen(
    manager: EntityManager,
    { referenceId, provider, occurredAt }: SessionClue,
    alternatives: FindOptionsWhere<ConnectSession>[],
  ): Promise<ConnectSession[]> {
    const at = occurredAt.getTime();
    const usableThen = {
      referenceId,
      widgetUrl: Not(IsNull()),
      createdAt: LessThanOrEqual(new Date(at + CLOCK_DIFFERENCE_MS)),
      expiresAt: MoreThanOrEqual(new Date(at - RETURN_GRACE_MS)),
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

  /** Writes an end within the caller's transaction, which holds the session's lock. */
  async recordEnd(
    manager: EntityManager,
    id: string,
    end: Pick<ConnectSession, 'status' | 'failureReason' | 'endedAt' | 'updatedAt'>,
  ): Promise<void> {
    await manager.update(ConnectSession, { id }, end);
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
