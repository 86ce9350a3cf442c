import { Injectable } from '@nestjs/common';
import { InjectDataSource, InjectRepository } from '@nestjs/typeorm';
import { Any, DataSource, In, IsNull, LessThan, MoreThan, Repository, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { inTransaction, runIn } from '../../database';
import { pseudonymOf } from '../erasure/pseudonym';
import { Deauthentication, type DeauthenticationRequest } from './deauthentication.entity';

/** The SQL of the ledger. */
@Injectable()
export class DeauthenticationRepository {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @InjectRepository(Deauthentication) private readonly requests: Repository<Deauthentication>,
  ) {}

  /** @returns false when one is pending for this Terra user already */
  async open(manager: EntityManager, request: DeauthenticationRequest, now: Date): Promise<boolean> {
    const rows = await runIn(
      manager,
      `INSERT INTO terra_connect.deauthentications
          (id, terra_user_id, connection_id, reference_id, actor, reason, status, requested_at, next_attempt_at)
        VALUES ($1, $2, $3, $4, $5, $6, 'pending', $7, $7)
        ON CONFLICT (terra_user_id) WHERE status = 'pending' DO NOTHING RETURNING id`,
      [
        uuidv7(),
        request.terraUserId,
        request.connectionId,
        request.referenceId,
        request.actor,
        request.reason,
        now,
      ],
    );
    return rows.length > 0;
  }

  wasRequestedSince(manager: EntityManager, terraUserId: string, since: Date): Promise<boolean> {
    const names = [terraUserId, pseudonymOf('terra_user', terraUserId)];
    return manager.existsBy(Deauthentication, { terraUserId: In(names), requestedAt: MoreThan(since) });
  }

  listOf(referenceId: string): Promise<Deauthentication[]> {
    return this.requests.find({ where: { referenceId }, order: { id: 'DESC' } });
  }

  /**
   * Takes the next one that is due, and puts off its next attempt: a lease, since the call to Terra is made outside of
   * any transaction.
   */
  async take(now: Date, leaseUntil: Date): Promise<Deauthentication | null> {
    const [taken] = await inTransaction(this.dataSource, (manager) =>
      runIn<{ id: string }>(
        manager,
        `UPDATE terra_connect.deauthentications SET next_attempt_at = $2, last_attempt_at = $1, attempts = attempts + 1
          WHERE id = (SELECT id FROM terra_connect.deauthentications WHERE status = 'pending' AND next_attempt_at <= $1
            ORDER BY next_attempt_at, id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id`,
        [now, leaseUntil],
      ),
    );
    return taken ? this.requests.findOneByOrFail({ id: taken.id }) : null;
  }

  async confirm(manager: EntityManager, id: string, lastOutcome: string, now: Date): Promise<void> {
    await manager.update(
      Deauthentication,
      { id, status: 'pending' },
      { status: 'confirmed', lastOutcome, confirmedAt: now },
    );
  }

  /** Terra has ended somebody who was erased: nobody needs to know any more who it was. */
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

  /** The count guards against a second worker that took it when the first one's lease had run out. */
  async putOff({ id, attempts }: Deauthentication, lastOutcome: string, nextAttemptAt: Date): Promise<void> {
    await this.requests.update({ id, attempts, status: 'pending' }, { lastOutcome, nextAttemptAt });
  }

  async countCallsSince(since: Date): Promise<number> {
    return this.requests
      .createQueryBuilder('call')
      .where('call.lastAttemptAt >= :since', { since })
      .getCount();
  }

  /** How many wait, and since when the first of them does. */
  async pending(): Promise<{ count: number; oldest: Date | null }> {
    const row = await this.requests
      .createQueryBuilder('call')
      .select('count(*)::int', 'count')
      .addSelect('min(call.requestedAt)', 'oldest')
      .where({ status: 'pending' })
      .getRawOne<{ count: number; oldest: Date | null }>();
    return { count: row?.count ?? 0, oldest: row?.oldest ?? null };
  }

  async awaitingVerification(confirmedBefore: Date, after: string, limit: number): Promise<string[]> {
    const rows = await this.requests.find({
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
    return rows.map(({ terraUserId }) => terraUserId);
  }

  async verify(
    manager: EntityManager,
    terraUserIds: string[],
    confirmedBefore: Date,
    now: Date,
  ): Promise<void> {
    const which = {
      status: 'confirmed',
      verifiedAt: IsNull(),
      confirmedAt: LessThan(confirmedBefore),
    } as const;
    await manager.update(Deauthentication, { ...which, terraUserId: Any(terraUserIds) }, { verifiedAt: now });
  }
}
