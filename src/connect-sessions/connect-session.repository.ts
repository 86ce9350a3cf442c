import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, IsNull, type FindOptionsWhere } from 'typeorm';
import type { RateLimitPolicy } from '../common';
import { columnsOf, insertionOf, runSql } from '../database';
import type { ConnectSessionStatus } from './connect-session-status';
import { ConnectSession } from './connect-session.entity';

/** A session with the ids of the connections that it made, in a stable order. */
export interface LinkedSession extends ConnectSession {
  connectionIds: string[];
}

interface SessionCriteria {
  referenceId?: string | null;
  status?: ConnectSessionStatus | null;
  /** Only sessions that the service created before this one. */
  beforeId: string | null;
  now: Date;
}

export type WidgetAnswer = Pick<
  ConnectSession,
  'terraSessionId' | 'widgetUrl' | 'widgetGeneration' | 'warnings' | 'expiresAt'
>;

// As the unique index has it, so that the index finds the holder.
const NO_API_KEY = `'00000000-0000-0000-0000-000000000000'::uuid`;
const HOLDS_KEY = `idempotency_key = $1 AND COALESCE(api_key_id, ${NO_API_KEY}) = COALESCE($2::uuid, ${NO_API_KEY})`;

const WRITE_TIMEOUT_MS = 5_000;

/** What became of a new session. */
export type Insertion =
  | { outcome: 'inserted' }
  | { outcome: 'key_taken'; holder: LinkedSession }
  /** The end user's sessions of the window, as many as the quota. */
  | { outcome: 'quota_used_up'; oldestAt: Date; newestAt: Date };

/** Reads and writes connect sessions. The WHERE of a write that changes the status names the expected state. */
@Injectable()
export class ConnectSessionRepository {
  /** Always the same: a new session has a value for every column. */
  private insertText: string | null = null;

  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  findById(id: string): Promise<LinkedSession | null> {
    return this.findOne('id = $1', [id]);
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

  /** The sessions that match, newest first. An overdue session matches the status that it has at `now`. */
  async list(
    { referenceId = null, status = null, beforeId, now }: SessionCriteria,
    limit: number,
  ): Promise<LinkedSession[]> {
    return this.find(
      `($1::text IS NULL OR reference_id = $1) AND ($2::uuid IS NULL OR id < $2)
          AND ($3::text IS NULL OR $3 = CASE
            WHEN status NOT IN ('pending', 'opened') OR expires_at > $4 THEN status
            WHEN widget_url IS NULL THEN 'failed' ELSE 'expired' END)
        ORDER BY id DESC LIMIT $5`,
      [referenceId, beforeId, status, now, limit],
    );
  }

  /**
   * Inserts the session, unless its Idempotency-Key is taken or its end user has used up the quota. A request that repeats
   * an earlier one finds its session also without any quota.
   */
  async insertOrFindHolder(session: ConnectSession, policy: RateLimitPolicy): Promise<Insertion> {
    const { inserted, recent, oldestAt, newestAt } = await this.insertWithinQuota(session, policy);
    if (inserted) return { outcome: 'inserted' };
    const { apiKeyId, idempotencyKey } = session;
    if (idempotencyKey !== null) {
      const holder = await this.findOne(HOLDS_KEY, [idempotencyKey, apiKeyId]);
      if (holder) return { outcome: 'key_taken', holder };
    }
    if (recent > 0 && recent >= policy.quota) return { outcome: 'quota_used_up', oldestAt, newestAt };
    if (idempotencyKey === null) throw new Error('A session with these secrets exists already.');
    // The holder has failed and released the key between the two statements, so try again.
    return this.insertOrFindHolder(session, policy);
  }

  /**
   * Counts the end user's sessions in the statement that inserts. So the count is over all processes and costs no further
   * statement. It reads at most `quota` rows of an index. Statements that run at the same moment do not see each other's
   * row: the quota can be exceeded by the number of connections in the pools, but not by the number of requests.
   */
  private async insertWithinQuota(
    session: ConnectSession,
    { quota, windowSeconds }: RateLimitPolicy,
  ): Promise<{ inserted: boolean; recent: number; oldestAt: Date; newestAt: Date }> {
    const { into, parameters, values } = insertionOf(this.dataSource, ConnectSession, session);
    this.insertText ??= insertTextOf(into, parameters, values.length);
    const { rows } = await runSql<{ inserted: boolean; recent: number; oldestAt: Date; newestAt: Date }>(
      this.dataSource,
      this.insertText,
      [...values, session.referenceId, quota, new Date(session.createdAt.getTime() - windowSeconds * 1_000)],
      { timeoutMs: WRITE_TIMEOUT_MS },
    );
    const [row] = rows;
    if (!row) throw new Error('The statement that inserts a session has returned no row.');
    return row;
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

  /** Marks a pending session as opened. @returns false if the session was not pending */
  markOpened(id: string, now: Date): Promise<boolean> {
    return this.update({ id, status: 'pending' }, { status: 'opened', openedAt: now, updatedAt: now });
  }

  /** Stores which session replaced an expired one. */
  async recordRenewal(id: string, renewedBy: string): Promise<void> {
    await this.update({ id }, { renewedBy });
  }

  /** Stores when a browser first came back without a Terra user. That does not use up the nonce. */
  async noteReturn({ id }: ConnectSession, now: Date): Promise<void> {
    await this.update({ id, returnSpentAt: IsNull() }, { returnSpentAt: now });
  }

  /** Stores that the browser came back from a failure. @returns false if an attempt has ended or succeeded already */
  useNonceOnFailure({ id, returnSpentAt }: ConnectSession, now: Date): Promise<boolean> {
    return this.update(
      { id, successCallbackAt: IsNull(), endedAt: IsNull() },
      { returnSpentAt: returnSpentAt ?? now },
    );
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

  private async findOne(condition: string, values: unknown[]): Promise<LinkedSession | null> {
    return (await this.find(condition, values))[0] ?? null;
  }

  private async find(condition: string, values: unknown[]): Promise<LinkedSession[]> {
    const { rows } = await runSql<LinkedSession>(
      this.dataSource,
      `SELECT ${columnsOf(this.dataSource, ConnectSession)}, ARRAY(
          SELECT connection_id::text FROM terra_connect.connect_session_connections link
            WHERE link.session_id = session.id ORDER BY connection_id) AS "connectionIds"
        FROM terra_connect.connect_sessions session WHERE ${condition}`,
      values,
    );
    return rows;
  }
}

function insertTextOf(into: string, parameters: string, count: number): string {
  const [reference, limit, since] = [1, 2, 3].map((offset) => `$${count + offset}`);
  return `WITH recent AS (
      SELECT newest.created_at
        FROM (SELECT created_at FROM terra_connect.connect_sessions
                WHERE reference_id = ${reference} ORDER BY id DESC LIMIT ${limit}::int) newest
        WHERE newest.created_at > ${since}
    ), inserted AS (
      INSERT INTO ${into} SELECT ${parameters}
        WHERE ${limit}::int = 0 OR (SELECT count(*) FROM recent) < ${limit}::int
        ON CONFLICT DO NOTHING RETURNING id
    )
    SELECT EXISTS (SELECT FROM inserted) AS inserted, count(*)::int AS recent,
      min(created_at) AS "oldestAt", max(created_at) AS "newestAt" FROM recent`;
}
