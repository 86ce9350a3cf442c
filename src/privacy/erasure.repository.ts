import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { MoreThan, Repository, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { tombstoneDigest } from '../connections';
import { runIn } from '../database';
import { Erasure } from './erasure.entity';

/** The SQL of erasures. */
@Injectable()
export class ErasureRepository {
  constructor(@InjectRepository(Erasure) private readonly erasures: Repository<Erasure>) {}

  find(id: string): Promise<Erasure | null> {
    return this.erasures.findOneBy({ id });
  }

  /** @returns false when one is pending for this end user already */
  async open(
    manager: EntityManager,
    { referenceId, actor, now }: { referenceId: string; actor: string; now: Date },
  ): Promise<boolean> {
    const rows = await runIn(
      manager,
      `INSERT INTO terra_connect.erasures (id, reference_id, reference_digest, status, actor, requested_at)
        VALUES ($1, $2, $3, 'pending', $4, $5)
        ON CONFLICT (reference_digest) WHERE status = 'pending' DO NOTHING RETURNING id`,
      [uuidv7(), referenceId, tombstoneDigest('end_user', referenceId), actor, now],
    );
    return rows.length > 0;
  }

  /** The latest first. */
  listOf(manager: EntityManager, referenceId: string): Promise<Erasure[]> {
    return manager.find(Erasure, {
      where: { referenceDigest: tombstoneDigest('end_user', referenceId) },
      order: { id: 'DESC' },
    });
  }

  /** The next ones that are not complete, after one of them: each look goes on where the last one stopped. */
  pendingAfter(id: string | null, limit: number): Promise<Erasure[]> {
    return this.erasures.find({
      where: { status: 'pending', ...(id === null ? {} : { id: MoreThan(id) }) },
      order: { id: 'ASC' },
      take: limit,
    });
  }

  async oldestPending(): Promise<Date | null> {
    const oldest = await this.erasures.find({
      where: { status: 'pending' },
      order: { requestedAt: 'ASC' },
      take: 1,
    });
    return oldest[0]?.requestedAt ?? null;
  }

  /** Locks it, unless somebody else has completed it. */
  lockPending(manager: EntityManager, id: string): Promise<Erasure | null> {
    return manager.findOne(Erasure, {
      where: { id, status: 'pending' },
      lock: { mode: 'pessimistic_write' },
    });
  }

  async complete(
    manager: EntityManager,
    id: string,
    receipt: Pick<Erasure, 'completedAt' | 'counts' | 'confirmations'>,
  ): Promise<void> {
    await manager.update(Erasure, { id }, { ...receipt, status: 'completed', referenceId: null });
  }

  /** The transaction sees what was there at this moment, whatever happens meanwhile. Its first statement. */
  async freeze(manager: EntityManager): Promise<void> {
    await runIn(manager, 'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY', []);
  }
}
