import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, In, IsNull, type EntityManager } from 'typeorm';
import { columnsOf, inTransaction, runSql } from '../database';
import { CatalogueCheck } from './catalogue-check.entity';
import { CatalogueProvider } from './catalogue-provider.entity';

/** The SQL of what the service knows of Terra's catalogue. */
@Injectable()
export class CatalogueRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** Takes the check if it is due. Other processes wait until `leaseUntil`. */
  async takeCheck(now: Date, leaseUntil: Date): Promise<boolean> {
    const { count } = await runSql(
      this.dataSource,
      `UPDATE terra_connect.catalogue_checks SET due_at = $2 WHERE due_at <= $1`,
      [now, leaseUntil],
    );
    return count === 1;
  }

  /** Stores when the next check is due. */
  async postpone(dueAt: Date): Promise<void> {
    await this.dataSource.manager.update(CatalogueCheck, { id: 1 }, { dueAt });
  }

  /** Stores that the catalogue is not plausible. The time of the first such catalogue in a row stays. */
  async hold(now: Date): Promise<void> {
    await this.dataSource.manager.update(CatalogueCheck, { id: 1, heldSince: IsNull() }, { heldSince: now });
  }

  /** Stores a plausible catalogue. */
  async recordCheck(rows: CatalogueProvider[], forgotten: string[], checkedAt: Date): Promise<void> {
    await inTransaction(this.dataSource, async (manager) => {
      if (rows.length > 0) await manager.upsert(CatalogueProvider, rows, ['provider']);
      if (forgotten.length > 0) await manager.delete(CatalogueProvider, { provider: In(forgotten) });
      await manager.update(CatalogueCheck, { id: 1 }, { checkedAt, heldSince: null });
    });
  }

  async isHeld(): Promise<boolean> {
    const check = await this.dataSource.manager.findOneBy(CatalogueCheck, { id: 1 });
    return check !== null && check.heldSince !== null;
  }

  list(): Promise<CatalogueProvider[]> {
    return this.dataSource.manager.find(CatalogueProvider, { order: { provider: 'ASC' } });
  }

  find(provider: string): Promise<CatalogueProvider | null> {
    return this.dataSource.manager.findOneBy(CatalogueProvider, { provider });
  }

  /** Locks a provider whose pass is due and that no other process works on. */
  async lockPass(manager: EntityManager): Promise<CatalogueProvider | null> {
    const { rows } = await runSql<CatalogueProvider>(
      manager,
      `SELECT ${columnsOf(manager, CatalogueProvider)} FROM terra_connect.catalogue_providers
        WHERE is_pass_due ORDER BY provider LIMIT 1 FOR UPDATE SKIP LOCKED`,
    );
    return rows[0] ?? null;
  }

  /** Stores how far a pass is, or that it has ended. */
  async recordPass(
    manager: EntityManager,
    provider: string,
    change: Partial<CatalogueProvider>,
  ): Promise<void> {
    await manager.update(CatalogueProvider, { provider }, change);
  }
}
