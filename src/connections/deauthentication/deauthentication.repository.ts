import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { Any, DataSource, IsNull, LessThan, MoreThan, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { columnsOf, inBatches, runSql } from '../../database';
import { pseudonymOf } from '../erasure/pseudonym';
import { Deauthentication, type DeauthenticationRequest } from './deauthentication.entity';

const PRUNE_BATCH = 1_000;

/** The SQL of deauthentication requests. */
@Injectable()
export class DeauthenticationRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** Leaves out Terra users that have a pending request. @returns whether it inserted any request */
  async insert(manager: EntityManager, requests: DeauthenticationRequest[], now: Date): Promise<boolean> {
    const column = (name: keyof DeauthenticationRequest): (string | null)[] =>
      requests.map((one) => one[name]);
    const { count } = await runSql(
      manager,
      `INSERT INTO terra_connect.deauthentications
          (id, terra_user_id, connection_id, reference_id, actor, reason, status, requested_at, next_attempt_at)
        SELECT *, 'pending', $7, $7
          FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::text[], $6::text[])
        ON CONFLICT (terra_user_id) WHERE status = 'pending' DO NOTHING`,
      [
        requests.map(() => uuidv7()),
        column('terraUserId'),
        column('connectionId'),
        column('referenceId'),
        column('actor'),
        column('reason'),
        now,
      ],
    );
    return count > 0;
  }

  /** The Terra users among `terraUserIds` whose end was requested after `since`, also under their pseudonyms. */
  async requestedSince(manager: EntityManager, terraUserIds: string[], since: Date): Promise<Set<string>> {
    const { rows } = await runSql<{ id: string }>(
      manager,
      `SELECT given.id FROM unnest($1::text[], $2::text[]) AS given (id, pseudonym)
        WHERE EXISTS (SELECT FROM terra_connect.deauthentications d
          WHERE d.terra_user_id IN (given.id, given.pseudonym) AND d.requested_at > $3)`,
      [terraUserIds, terraUserIds.map((id) => pseudonymOf('terra_user', id)), since],
    );
    return new Set(rows.map(({ id }) => id));
  }

  listOf(referenceId: string): Promise<Deauthentication[]> {
    return this.dataSource.manager.find(Deauthentication, { where: { referenceId }, order: { id: 'DESC' } });
  }

  /**
   * Takes the next request that is due, and postpones its next attempt. This is its lease: the worker calls Terra
   * outside of any transaction, so a row lock cannot reserve the request.
   */
  async take(now: Date, leaseUntil: Date): Promise<Deauthentication | null> {
    const { rows } = await runSql<Deauthentication>(
      this.dataSource,
      `UPDATE terra_connect.deauthentications SET next_attempt_at = $2, last_attempt_at = $1, attempts = attempts + 1
        WHERE id = (SELECT id FROM terra_connect.deauthentications WHERE status = 'pending' AND next_attempt_at <= $1
          ORDER BY next_attempt_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
        RETURNING ${columnsOf(this.dataSource, Deauthentication)}`,
      [now, leaseUntil],
    );
    return rows[0] ?? null;
  }

  async confirm(manager: EntityManager, id: string, lastOutcome: string, now: Date): Promise<void> {
    await manager.update(
      Deauthentication,
      { id, status: 'pending' },
      { status: 'confirmed', lastOutcome, confirmedAt: now },
    );
  }

  /** Replaces the ids of an erased end user. After Terra's confirmation, the row no longer needs them. */
  async pseudonymize(
    manager: EntityManager,
    { id, terraUserId, referenceId }: Deauthentication,
  ): Promise<void> {
    const change = {
      terraUserId: pseudonymOf('terra_user', terraUserId),
      referenceId: referenceId === null ? null : pseudonymOf('end_user', referenceId),
      connectionId: null,
    };
    await manager.update(Deauthentication, { id }, change);
  }

  /** Has no effect if another worker took the request after the end of the lease: `attempts` is then higher. */
  async postpone(
    { id, attempts }: Deauthentication,
    lastOutcome: string,
    nextAttemptAt: Date,
  ): Promise<void> {
    await this.dataSource.manager.update(
      Deauthentication,
      { id, attempts, status: 'pending' },
      { lastOutcome, nextAttemptAt },
    );
  }

  /** Undoes `take`: no call was made, so the attempt does not count. */
  async giveBack({ id, attempts }: Deauthentication, nextAttemptAt: Date): Promise<void> {
    await this.dataSource.manager.update(
      Deauthentication,
      { id, attempts, status: 'pending' },
      { attempts: attempts - 1, nextAttemptAt },
    );
  }

  async countCallsSince(since: Date): Promise<number> {
    const { rows } = await runSql<{ count: number }>(
      this.dataSource,
      `SELECT count(*)::int AS count FROM terra_connect.deauthentications WHERE last_attempt_at >= $1`,
      [since],
    );
    return rows[0]?.count ?? 0;
  }

  /** The number of pending requests, and the time of the oldest. */
  async pending(): Promise<{ count: number; oldest: Date | null }> {
    const { rows } = await runSql<{ count: number; oldest: Date | null }>(
      this.dataSource,
      `SELECT count(*)::int AS count, min(requested_at) AS oldest FROM terra_connect.deauthentications
        WHERE status = 'pending'`,
    );
    return rows[0] ?? { count: 0, oldest: null };
  }

  async listUnverified(confirmedBefore: Date, after: string, limit: number): Promise<string[]> {
    const found = await this.dataSource.manager.find(Deauthentication, {
      select: { terraUserId: true },
      where: {
        status: 'confirmed',
        verifiedAt: IsNull(),
        confirmedAt: LessThan(confirmedBefore),
        terraUserId: MoreThan(after),
      },
      order: { terraUserId: 'ASC' },
      take: limit,
    });
    return found.map(({ terraUserId }) => terraUserId);
  }

  async markVerified(
    manager: EntityManager,
    terraUserIds: string[],
    confirmedBefore: Date,
    now: Date,
  ): Promise<void> {
    await manager.update(
      Deauthentication,
      {
        status: 'confirmed',
        verifiedAt: IsNull(),
        confirmedAt: LessThan(confirmedBefore),
        terraUserId: Any(terraUserIds),
      },
      { verifiedAt: now },
    );
  }

  /** Deletes requests that Terra confirmed before `before`. @returns how many it deleted */
  pruneConfirmed(before: Date, signal: AbortSignal): Promise<number> {
    return inBatches(PRUNE_BATCH, signal, async (limit) => {
      const { count } = await runSql(
        this.dataSource,
        `WITH old AS MATERIALIZED (SELECT id FROM terra_connect.deauthentications
          WHERE status = 'confirmed' AND confirmed_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)
          DELETE FROM terra_connect.deauthentications WHERE id IN (SELECT id FROM old)`,
        [before, limit],
      );
      return count;
    });
  }
}
