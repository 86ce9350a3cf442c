import { Injectable } from '@nestjs/common';
import { InjectDataSource, InjectRepository } from '@nestjs/typeorm';
import { DataSource, In, IsNull, Not, Repository } from 'typeorm';
import { Clock } from '../common';
import { inTransaction } from '../database';
import { tombstoneDigest } from './projection/connection-fact.repository';
import { ConnectionIdentity } from './projection/connection-identity.entity';
import { ConnectionLifecycleService } from './projection/connection-lifecycle.service';
import type { ConnectionStatus } from './connection-status';
import { Connection } from './connection.entity';
import { ConnectionRepository, type ConnectionCriteria } from './connection.repository';
import {
  ConnectionChangedError,
  ConnectionDisconnectingError,
  ConnectionNotFoundError,
} from './connections.errors';
import { Tombstone } from './erasure/tombstone.entity';
import { decodeCursor, toPage, type Page } from '../http';

const DISCONNECT_ATTEMPTS = 3;

export interface ConnectionFilter extends Omit<ConnectionCriteria, 'beforeId'> {
  limit: number;
  cursor?: string;
}

/** What callers ask of connections: which Terra user belongs to which end user, and to end that. */
@Injectable()
export class ConnectionsService {
  constructor(
    @InjectRepository(Connection) private readonly connections: Repository<Connection>,
    @InjectRepository(ConnectionIdentity) private readonly identities: Repository<ConnectionIdentity>,
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly repository: ConnectionRepository,
    private readonly lifecycle: ConnectionLifecycleService,
    private readonly clock: Clock,
  ) {}

  /**
   * Finds a connection; one that was merged is found as what it was merged into.
   *
   * @throws ConnectionNotFoundError
   */
  async get(id: string): Promise<Connection> {
    const connection = await this.connections.findOneBy({ id });
    if (!connection) throw new ConnectionNotFoundError(id);
    return connection.mergedInto ? this.get(connection.mergedInto) : connection;
  }

  /**
   * Finds a connection that this end user may connect anew, whether it has ended or is to get other scopes.
   *
   * @throws ConnectionNotFoundError for somebody else's as for one that nobody has (T-05); ConnectionDisconnectingError
   */
  async getReconnectable(id: string, referenceId: string): Promise<Connection> {
    const connection = await this.get(id);
    if (connection.referenceId !== referenceId) throw new ConnectionNotFoundError(id);
    if (connection.status === 'disconnecting') throw new ConnectionDisconnectingError();
    return connection;
  }

  /** Newest first. */
  async list(filter: ConnectionFilter): Promise<Page<Connection>> {
    const { limit, cursor, ...criteria } = filter;
    const beforeId = cursor === undefined ? undefined : decodeCursor(cursor);
    const rows = await this.repository.list({ ...criteria, beforeId }, limit + 1);
    return toPage(rows, limit);
  }

  /** All of an end user's, ended ones too; newest first. */
  allOf(referenceId: string): Promise<Connection[]> {
    return this.connections.find({ where: { referenceId, mergedInto: IsNull() }, order: { id: 'DESC' } });
  }

  /** When an end user was erased; null for one who was not. */
  async erasedAt(referenceId: string): Promise<Date | null> {
    const digest = tombstoneDigest('end_user', referenceId);
    return (await this.dataSource.manager.findOneBy(Tombstone, { digest }))?.erasedAt ?? null;
  }

  /** Which of the Terra users belong to a connection. */
  async ownedAmong(terraUserIds: string[]): Promise<string[]> {
    if (terraUserIds.length === 0) return [];
    const owned = await this.identities.findBy({
      terraUserId: In(terraUserIds),
      connectionId: Not(IsNull()),
    });
    return owned.map(({ terraUserId }) => terraUserId);
  }

  /** Every Terra user that a connection has had, oldest first. */
  identitiesOf(connectionId: string): Promise<ConnectionIdentity[]> {
    return this.identities.find({ where: { connectionId }, order: { firstSeenAt: 'ASC' } });
  }

  /**
   * Ends a connection: here at once, so that nobody uses it any more; at Terra as soon as Terra confirms, which the
   * ledger of deauthentications sees to. Ending what has ended, or is about to, is success.
   *
   * @param by who asks, and why, for the ledger and the history
   */
  async disconnect(id: string, by: { actor: string; reason: string }): Promise<Connection> {
    for (let attempt = 1; attempt <= DISCONNECT_ATTEMPTS; attempt += 1) {
      const { terraUserId, status } = await this.get(id);
      if (!isInUse(status)) break;
      const fact = { terraUserId, ...by, occurredAt: this.clock.now(), source: 'api' } as const;
      await inTransaction(this.dataSource, (manager) =>
        this.lifecycle.record(manager, [
          { ...fact, kind: 'disconnect_requested', cause: 'disconnect_requested' },
        ]),
      );
      // The person may have connected it again in between: then another Terra user is the one to end.
    }
    const connection = await this.get(id);
    if (isInUse(connection.status)) throw new ConnectionChangedError();
    return connection;
  }
}

function isInUse(status: ConnectionStatus): boolean {
  return status === 'active' || status === 'needs_reauth';
}
