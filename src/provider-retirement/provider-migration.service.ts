import { Injectable } from '@nestjs/common';
import { ProviderConnectionsRepository, type Connection } from '../connections';
import { decodeCursor, toPage, type Page } from '../http';
import { ProviderSuccessors } from '../providers';
import { canonicalProvider } from '../terra';
import { CatalogueRepository } from './catalogue.repository';
import { ProviderNotEndedError } from './provider-retirement.errors';

/** How far end users have moved from a provider to its successors. The page has those who have not. */
export interface ProviderMigration extends Page<Connection> {
  provider: string;
  successor: string | null;
  retiredAt: Date | null;
  moved: number;
  notMoved: number;
}

/** Reads how far the end users of an ended provider have moved to its successor. */
@Injectable()
export class ProviderMigrationService {
  constructor(
    private readonly catalogue: CatalogueRepository,
    private readonly connections: ProviderConnectionsRepository,
    private readonly successors: ProviderSuccessors,
  ) {}

  /** @throws ProviderNotEndedError, CursorUnknownError */
  async read(code: string, page: { limit: number; cursor?: string }): Promise<ProviderMigration> {
    const beforeId = page.cursor === undefined ? null : decodeCursor(page.cursor);
    const provider = canonicalProvider(code);
    const successors = this.successors.successorsOf(provider);
    const retiredAt = (await this.catalogue.find(provider))?.retiredAt ?? null;
    if (successors.length === 0 && retiredAt === null) throw new ProviderNotEndedError();
    const counts = await this.connections.countMoved(provider, successors);
    const rows = await this.connections.listNotMoved(provider, successors, beforeId, page.limit + 1);
    const [successor = null] = successors;
    return { provider, successor, retiredAt, ...counts, ...toPage(rows, page.limit) };
  }
}
