import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import type { ConnectionIdentity } from './connection-identity.entity';
import { ConnectionReviewRepository } from './connection-review.repository';

/** For the reconciliation room: whom to compare with Terra's lists, and what the lists said of them. */
@Injectable()
export class ConnectionReviewService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly repository: ConnectionReviewRepository,
  ) {}

  identities(terraUserIds: string[]): Promise<ConnectionIdentity[]> {
    return this.repository.identities(this.dataSource.manager, terraUserIds);
  }

  /** Reference ids whose connections are due, longest waiting first. */
  due(now: Date, limit: number): Promise<string[]> {
    return this.repository.due(now, limit);
  }

  /** Connections that sent data once and have not since then are due now, once for each silence. */
  hastenQuiet(now: Date, quietSince: Date): Promise<number> {
    return this.repository.hastenQuiet(now, quietSince);
  }

  /** A list of Terra's lacks them. Counts from the first list in a row. */
  noteMissing(manager: EntityManager, terraUserIds: string[], at: Date): Promise<void> {
    return this.repository.noteMissing(manager, terraUserIds, at);
  }

  noteSeen(manager: EntityManager, terraUserIds: string[]): Promise<void> {
    return this.repository.noteSeen(manager, terraUserIds);
  }

  markReviewed(manager: EntityManager, referenceId: string, at: Date, next: Date): Promise<void> {
    return this.repository.markReviewed(manager, referenceId, at, next);
  }

  countLive(): Promise<number> {
    return this.repository.countLive();
  }
}
