import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, IsNull, Not, type EntityManager } from 'typeorm';
import { columnsOf, inBatches, runSql } from '../database';
import { CALLBACK_GRACE_MS, type FailureReason } from './connect-session-status';
import { ConnectSession } from './connect-session.entity';

const PRUNE_BATCH = 1_000;

/** The SQL of the session worker. Several workers can run at the same time: each takes other sessions. */
@Injectable()
export class ConnectSessionMaintenanceRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /**
   * Closes expired sessions, but opened ones only when the browser can no longer come back from the widget. A session
   * without a widget URL failed during its creation, and its idempotency key can be used again.
   */
  async closeOverdue(manager: EntityManager, now: Date, limit: number): Promise<ConnectSession[]> {
    const { rows } = await runSql<ConnectSession>(
      manager,
      `WITH due AS MATERIALIZED (SELECT id FROM terra_connect.connect_sessions
          WHERE (status = 'pending' AND expires_at <= $1) OR (status = 'opened' AND expires_at <= $2)
          ORDER BY expires_at LIMIT $3 FOR UPDATE SKIP LOCKED)
        UPDATE terra_connect.connect_sessions SET
          status = CASE WHEN widget_url IS NULL THEN 'failed' ELSE 'expired' END,
          failure_reason = CASE WHEN widget_url IS NULL THEN 'abandoned' END,
          idempotency_key = CASE WHEN widget_url IS NULL THEN NULL ELSE idempotency_key END,
          ended_at = expires_at, updated_at = $1
        WHERE id IN (SELECT id FROM due) RETURNING ${columnsOf(manager, ConnectSession)}`,
      [now, new Date(now.getTime() - CALLBACK_GRACE_MS), limit],
    );
    return rows;
  }

  /**
   * Ends a session that has no answer of Terra, and releases its idempotency key.
   *
   * @param createdBefore null: whenever it was created
   * @returns the session; none if Terra has answered, or the session has ended
   */
  async failCreation(
    manager: EntityManager,
    id: string,
    { createdBefore, failureReason }: { createdBefore: Date | null; failureReason: FailureReason },
    now: Date,
  ): Promise<ConnectSession[]> {
    const { rows } = await runSql<ConnectSession>(
      manager,
      `UPDATE terra_connect.connect_sessions
        SET status = 'failed', failure_reason = $2, idempotency_key = NULL, ended_at = $3, updated_at = $3
        WHERE id = $1 AND status = 'pending' AND widget_url IS NULL AND ($4::timestamptz IS NULL OR created_at < $4)
        RETURNING ${columnsOf(manager, ConnectSession)}`,
      [id, failureReason, now, createdBefore],
    );
    return rows;
  }

  /** Deletes sessions that ended before that time. @returns how many */
  pruneEnded(before: Date, signal: AbortSignal): Promise<number> {
    return inBatches(PRUNE_BATCH, signal, async (limit) => {
      const { count } = await runSql(
        this.dataSource,
        `WITH old AS MATERIALIZED (SELECT id FROM terra_connect.connect_sessions
          WHERE ended_at < $1 ORDER BY ended_at LIMIT $2 FOR UPDATE SKIP LOCKED)
          DELETE FROM terra_connect.connect_sessions WHERE id IN (SELECT id FROM old)`,
        [before, limit],
      );
      return count;
    });
  }

  /**
   * Takes sessions whose callback needs another check with Terra, and postpones their next check to `leaseUntil`: the
   * worker asks Terra outside of any transaction, so a lease replaces the row lock.
   */
  async takeChecks(now: Date, leaseUntil: Date, limit: number): Promise<ConnectSession[]> {
    const { rows } = await runSql<ConnectSession>(
      this.dataSource,
      `WITH due AS MATERIALIZED (SELECT id FROM terra_connect.connect_sessions WHERE check_at <= $1
          ORDER BY check_at LIMIT $3 FOR UPDATE SKIP LOCKED)
        UPDATE terra_connect.connect_sessions SET check_at = $2, checks = checks + 1
        WHERE id IN (SELECT id FROM due) RETURNING ${columnsOf(this.dataSource, ConnectSession)}`,
      [now, leaseUntil, limit],
    );
    return rows;
  }

  /**
   * Schedules the next check; null: no further check. Writes nothing if another worker took the session after this
   * worker's lease (`checks`), or if an event ended the checks meanwhile (`checkAt`).
   */
  async scheduleCheck(
    { id, checks }: Pick<ConnectSession, 'id' | 'checks'>,
    checkAt: Date | null,
  ): Promise<void> {
    const which = { id, checks, checkAt: Not(IsNull()) };
    await this.dataSource.manager.update(ConnectSession, which, { checkAt });
  }
}
