import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { ConnectionLifecycleService, ProviderConnectionsRepository, type NewFact } from '../connections';
import { inTransaction } from '../database';
import type { CatalogueProvider } from './catalogue-provider.entity';
import { CatalogueRepository } from './catalogue.repository';

// A batch locks its Terra users and end users, and their webhooks wait for it.
const BATCH = 50;

/**
 * Tells the connections of a retired or returned provider, in passes of many small transactions. A pass can be repeated: the
 * facts have the time at which the provider was retired or returned, so the same fact is stored only once.
 */
@Injectable()
export class RetirementPassService {
  constructor(
    private readonly repository: CatalogueRepository,
    private readonly connections: ProviderConnectionsRepository,
    private readonly lifecycle: ConnectionLifecycleService,
    @InjectDataSource() private readonly dataSource: DataSource,
  ) {}

  /** Processes one batch of a pass that is due. @returns false when none is due */
  runOnce(): Promise<boolean> {
    return inTransaction(this.dataSource, async (manager) => {
      const provider = await this.repository.lockPass(manager);
      if (!provider) return false;
      await this.runBatch(manager, provider);
      return true;
    });
  }

  private async runBatch(manager: EntityManager, row: CatalogueProvider): Promise<void> {
    const { provider, retiredAt, returnedAt, passAfter: after } = row;
    const retired = retiredAt === null;
    const batch = await this.connections.listInUse(manager, { provider, retired, after }, BATCH);
    const occurredAt = retiredAt ?? returnedAt;
    if (occurredAt && batch.length > 0) {
      const change = retiredAt
        ? ({ kind: 'failing', cause: 'provider_retired' } as const)
        : ({ kind: 'recovered', cause: 'provider_returned' } as const);
      const facts = batch.map(({ terraUserId }): NewFact => {
        return { terraUserId, ...change, source: 'catalogue', occurredAt };
      });
      await this.lifecycle.record(manager, facts);
    }
    if (batch.length === BATCH) {
      await this.repository.recordPass(manager, provider, { passAfter: batch.at(-1)?.id ?? null });
      return;
    }
    const liveConnections = retiredAt ? await this.connections.countInUse(manager, provider) : 0;
    const ended = { isPassDue: false, passAfter: null, liveConnections };
    // When a pass finds no connection that is still retired, the return is over.
    const isOver = retiredAt === null && after === null && batch.length === 0;
    await this.repository.recordPass(manager, provider, isOver ? { ...ended, returnedAt: null } : ended);
  }
}
