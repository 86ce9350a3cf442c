import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import type { ConnectionIdentity } from './projection/connection-identity.entity';
import { ReconcileTargetsRepository } from './reconcile-targets.repository';
import type { Connection } from './connection.entity';

/** What we hold of a Terra user. */
export interface KnownTerraUser {
  identity: ConnectionIdentity;
  /** null while nobody has told us whose account it is. */
  connection: Connection | null;
}

/** For the reconciliation room: whom to compare with Terra's lists, and what the lists said of them. */
@Injectable()
export class ReconcileTargetsService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly repository: ReconcileTargetsRepository,
  ) {}

  identities(terraUserIds: string[]): Promise<ConnectionIdentity[]> {
    return this.repository.identities(this.dataSource.manager, terraUserIds);
  }

  /** What we hold of those of the Terra users of whom we have heard, by Terra user. */
  async findKnown(terraUserIds: string[]): Promise<Map<string, KnownTerraUser>> {
    const identities = await this.identities(terraUserIds);
    const ids = new Set(identities.flatMap(({ connectionId }) => connectionId ?? []));
    const connections = await this.repository.connectionsById([...ids]);
    return joined(identities, connections);
  }

  /**
   * Those whom Terra's lists should name, in the order of their Terra users.
   *
   * @param after the last one of the piece before; null for the first piece
   */
  async listExpectedAfter(after: string | null, limit: number): Promise<KnownTerraUser[]> {
    const connections = await this.repository.listExpectedAfter(after ?? '', limit);
    const identities = await this.identities(connections.map(({ terraUserId }) => terraUserId));
    const known = joined(identities, connections);
    return connections.flatMap(({ terraUserId }) => known.get(terraUserId) ?? []);
  }

  /** The Terra users of an end user whom Terra's lists should name. */
  async listExpectedOf(referenceId: string): Promise<string[]> {
    const connections = await this.repository.listExpectedOf(referenceId);
    return connections.map(({ terraUserId }) => terraUserId);
  }

  /**
   * Takes reference ids whose connections are due, longest waiting first; until `leaseUntil` nobody else gets them.
   */
  takeDue(now: Date, leaseUntil: Date, limit: number): Promise<string[]> {
    return this.repository.takeDue(now, leaseUntil, limit);
  }

  /** Connections that sent data once and have not since then are due now, once for each silence. */
  expediteQuiet(now: Date, quietSince: Date): Promise<number> {
    return this.repository.expediteQuiet(now, quietSince);
  }

  /** A list of Terra's lacks them. Counts from the first list in a row. */
  markMissing(manager: EntityManager, terraUserIds: string[], at: Date): Promise<void> {
    return this.repository.markMissing(manager, terraUserIds, at);
  }

  markSeen(manager: EntityManager, terraUserIds: string[]): Promise<void> {
    return this.repository.markSeen(manager, terraUserIds);
  }

  markReconciled(manager: EntityManager, referenceId: string, at: Date, next: Date): Promise<void> {
    return this.repository.markReconciled(manager, referenceId, at, next);
  }

  /** The end users of these Terra users are due at that time, if not sooner. */
  expedite(manager: EntityManager, terraUserIds: string[], at: Date): Promise<void> {
    return this.repository.expedite(manager, terraUserIds, at);
  }

  /** How many are missing now, or were ended for that since then. */
  countMissing(endedSince: Date): Promise<number> {
    return this.repository.countMissing(endedSince);
  }

  countLive(): Promise<number> {
    return this.repository.countLive();
  }
}

function joined(identities: ConnectionIdentity[], connections: Connection[]): Map<string, KnownTerraUser> {
  const byId = new Map(connections.map((connection) => [connection.id, connection]));
  return new Map(
    identities.map((identity) => [
      identity.terraUserId,
      { identity, connection: byId.get(identity.connectionId ?? '') ?? null },
    ]),
  );
}
