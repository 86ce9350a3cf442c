import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, MoreThan, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { tombstoneDigest } from '../connections';
import { runSql } from '../database';
import { Erasure } from './erasure.entity';

/** The SQL of erasures. */
@Injectable()
export class ErasureRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  find(id: string): Promise<Erasure | null> {
    return this.dataSource.manager.findOneBy(Erasure, { id });
  }

  /** @returns false when an erasure of this end user is pending already */
  async insert(
    manager: EntityManager,
    { referenceId, actor, requestedAt }: { referenceId: string; actor: string; requestedAt: Date },
  ): Promise<boolean> {
    const { count } = await runSql(
      manager,
      `INSERT INTO terra_connect.erasures (id, reference_id, reference_digest, status, actor, requested_at)
        VALUES ($1, $2, $3, 'pending', $4, $5)
        ON CONFLICT (reference_digest) WHERE status = 'pending' DO NOTHING`,
      [uuidv7(), referenceId, tombstoneDigest('end_user', referenceId), actor, requestedAt],
    );
    return count > 0;
  }

  /** The erasures of an end user, newest first. */
  listOf(manager: EntityManager, referenceId: string): Promise<Erasure[]> {
    return manager.find(Erasure, {
      where: { referenceDigest: tombstoneDigest('end_user', referenceId) },
      order: { id: 'DESC' },
    });
  }

  /** The pending erasures after the one with this id; null: from the first. */
  pendingAfter(id: string | null, limit: number): Promise<Erasure[]> {
    return this.dataSource.manager.find(Erasure, {
      where: { status: 'pending', ...(id === null ? {} : { id: MoreThan(id) }) },
      order: { id: 'ASC' },
      take: limit,
    });
  }

  async oldestPending(): Promise<Date | null> {
    const oldest = await this.dataSource.manager.findOne(Erasure, {
      where: { status: 'pending' },
      order: { requestedAt: 'ASC' },
    });
    return oldest?.requestedAt ?? null;
  }

  /** Locks the erasure. @returns null if another process has completed it */
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

  /** Makes the transaction read one snapshot. This must be the first statement of the transaction. */
  async freeze(manager: EntityManager): Promise<void> {
    await runSql(manager, 'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
  }
}
