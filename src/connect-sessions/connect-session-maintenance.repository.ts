import { Injectable } from '@nestjs/common';
import { InjectDataSource, InjectRepository } from '@nestjs/typeorm';
import { DataSource, In, IsNull, Not, Repository } from 'typeorm';
import { inTransaction, runIn } from '../database';
import type { ConnectSessionStatus } from './connect-session-status';
import { ConnectSession } from './connect-session.entity';
import { RETURN_GRACE_MS } from './connect-session.repository';

export interface ClosedSession {
  id: string;
  status: ConnectSessionStatus;
}

/** The SQL of the session worker: what is due, for one of any number of workers. */
@Injectable()
export class ConnectSessionMaintenanceRepository {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @InjectRepository(ConnectSession) private readonly sessions: Repository<ConnectSession>,
  ) {}

  /**
   * Closes sessions whose time is over; those that were opened only when nobody can come back from the widget any more.
   * One without a widget URL died while it was being made, and holds an idempotency key that is free again.
   */
  closeOverdue(now: Date, limit: number): Promise<ClosedSession[]> {
    const graceBegan = new Date(now.getTime() - RETURN_GRACE_MS);
    return inTransaction(this.dataSource, (manager) =>
      runIn<ClosedSession>(
        manager,
        `WITH due AS MATERIALIZED (SELECT id FROM terra_connect.connect_sessions
            WHERE (status = 'pending' AND expires_at <= $1) OR (status = 'opened' AND expires_at <= $2)
            ORDER BY expires_at LIMIT $3 FOR UPDATE SKIP LOCKED)
          UPDATE terra_connect.connect_sessions SET
            status = CASE WHEN widget_url IS NULL THEN 'failed' ELSE 'expired' END,
            failure_reason = CASE WHEN widget_url IS NULL THEN 'abandoned' END,
            idempotency_key = CASE WHEN widget_url IS NULL THEN NULL ELSE idempotency_key END,
            ended_at = expires_at, updated_at = $1
          WHERE id IN (SELECT id FROM due) RETURNING id, status`,
        [now, graceBegan, limit],
      ),
    );
  }

  /** Deletes sessions that ended that long ago. @returns how many */
  async deleteEnded(before: Date, limit: number): Promise<number> {
    const rows = await inTransaction(this.dataSource, (manager) =>
      runIn(
        manager,
        `WITH old AS MATERIALIZED (SELECT id FROM terra_connect.connect_sessions
          WHERE ended_at < $1 ORDER BY ended_at LIMIT $2 FOR UPDATE SKIP LOCKED)
          DELETE FROM terra_connect.connect_sessions WHERE id IN (SELECT id FROM old) RETURNING id`,
        [before, limit],
      ),
    );
    return rows.length;
  }

  /**
   * Takes callbacks that are to be asked about, and puts off their next check: a lease, since Terra is asked outside of any
   * transaction.
   */
  async takeChecks(now: Date, leaseUntil: Date, limit: number): Promise<ConnectSession[]> {
    const taken = await inTransaction(this.dataSource, (manager) =>
      runIn<{ id: string }>(
        manager,
        `WITH due AS MATERIALIZED (SELECT id FROM terra_connect.connect_sessions WHERE check_at <= $1
            ORDER BY check_at LIMIT $3 FOR UPDATE SKIP LOCKED)
          UPDATE terra_connect.connect_sessions SET check_at = $2, checks = checks + 1
          WHERE id IN (SELECT id FROM due) RETURNING id`,
        [now, leaseUntil, limit],
      ),
    );
    return taken.length === 0 ? [] : this.sessions.findBy({ id: In(taken.map(({ id }) => id)) });
  }

  /**
   * Says when the next check is due; null: never. The count guards against a second worker that took it when the first
   * one's lease had run out, the time against news that has settled it meanwhile.
   */
  async putOffCheck(
    { id, checks }: Pick<ConnectSession, 'id' | 'checks'>,
    checkAt: Date | null,
  ): Promise<void> {
    await this.sessions.update({ id, checks, checkAt: Not(IsNull()) }, { checkAt });
  }
}
