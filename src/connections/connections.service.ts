import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, In, IsNull, Not } from 'typeorm';
import { Clock } from '../common';
import { inTransaction } from '../database';
import { decodeCursor, toPage, type Page } from '../http';
import type { ConnectionStatus } from './connection-status';
import { Connection } from './connection.entity';
import { ConnectionRepository, type ConnectionCriteria } from './connection.repository';
import {
  ConnectionChangedError,
  ConnectionDisconnectingError,
  ConnectionNotFoundError,
} from './connections.errors';
import { tombstoneDigest } from './erasure/pseudonym';
import { Tombstone } from './erasure/tombstone.entity';
import { ConnectionIdentity } from './projection/connection-identity.entity';
import { ConnectionLifecycleService } from './projection/connection-lifecycle.service';

const DISCONNECT_ATTEMPTS = 3;

export interface ConnectionFilter extends Omit<ConnectionCriteria, 'beforeId'> {
  limit: number;
  cursor?: string;
}

/** Connections for callers: which Terra user belongs to which end user, and disconnecting. */
@Injectable()
export class ConnectionsService {
  constructor(
    private readonly repository: ConnectionRepository,
    private readonly lifecycle: ConnectionLifecycleService,
    private readonly clock: Clock,
    @InjectDataSource() private readonly dataSource: DataSource,
  ) {}

  /**
   * Finds a connection; for a merged one, the connection that it was merged into.
   *
   * @throws ConnectionNotFoundError
   */
  async get(id: string): Promise<Connection> {
    const connection = await this.dataSource.manager.findOneBy(Connection, { id });
    if (!connection) throw new ConnectionNotFoundError(id);
    return connection.mergedInto ? this.get(connection.mergedInto) : connection;
  }

  /**
   * Finds a connection that the end user may reconnect, whether it has ended or is to get other scopes.
   *
   * @throws ConnectionNotFoundError for an unknown id and for another end user's alike (T-05), ConnectionDisconnectingError
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

  /** All connections of an end user, ended ones included; newest first. */
  allOf(referenceId: string): Promise<Connection[]> {
    return this.dataSource.manager.find(Connection, {
      where: { referenceId, mergedInto: IsNull() },
      order: { id: 'DESC' },
    });
  }

  /** When the end user was erased; null: never. */
  async erasedAt(referenceId: string): Promise<Date | null> {
    const digest = tombstoneDigest('end_user', referenceId);
    return (await this.dataSource.manager.findOneBy(Tombstone, { digest }))?.erasedAt ?? null;
  }

  /** The Terra users among `terraUserIds` that have a connection. */
  async ownedAmong(terraUserIds: string[]): Promise<string[]> {
    if (terraUserIds.length === 0) return [];
    const owned = await this.dataSource.manager.findBy(ConnectionIdentity, {
      terraUserId: In(terraUserIds),
      connectionId: Not(IsNull()),
    });
    return owned.map(({ terraUserId }) => terraUserId);
  }

  /** Every Terra user that a connection has had, oldest first. */
  identitiesOf(connectionId: string): Promise<ConnectionIdentity[]> {
    return this.dataSource.manager.find(ConnectionIdentity, {
      where: { connectionId },
      order: { firstSeenAt: 'ASC' },
    });
  }

  /**
   * Disconnects: here at once, so that no caller uses the connection any more; at Terra by a deauthentication request,
   * which is retried until Terra confirms. Disconnecting twice is no error.
   *
   * @param by who asks, and why, for the history and the request
   * @throws ConnectionNotFoundError, ConnectionChangedError
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
      // The end user may have reconnected in between: then the connection has another Terra user, to be ended next.
    }
    const connection = await this.get(id);
    if (isInUse(connection.status)) throw new ConnectionChangedError();
    return connection;
  }
}

function isInUse(status: ConnectionStatus): boolean {
  return status === 'active' || status === 'needs_reauth';
}
