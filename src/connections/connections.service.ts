import { Injectable } from '@nestjs/common';
import { InjectDataSource, InjectRepository } from '@nestjs/typeorm';
import { DataSource, Repository } from 'typeorm';
import { Clock, decodeCursor, toPage, type Page } from '../common';
import { inTransaction } from '../database';
import { TerraClient } from '../terra';
import { ConnectionLifecycleService } from './connection-lifecycle.service';
import { Connection } from './connection.entity';
import { ConnectionRepository, type ConnectionCriteria } from './connection.repository';
import { ConnectionChangedError, ConnectionNotFoundError } from './connections.errors';

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
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly repository: ConnectionRepository,
    private readonly lifecycle: ConnectionLifecycleService,
    private readonly terra: TerraClient,
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

  /** Newest first. */
  async list(filter: ConnectionFilter): Promise<Page<Connection>> {
    const { limit, cursor, ...criteria } = filter;
    const beforeId = cursor === undefined ? undefined : decodeCursor(cursor);
    const rows = await this.repository.list({ ...criteria, beforeId }, limit + 1);
    return toPage(rows, limit);
  }

  /**
   * Ends the connection at Terra, then here. Terra comes first: if it cannot be reached the caller gets the error and
   * the connection stays as it is, instead of a "disconnected" under which data goes on flowing. Ending what has ended
   * is success.
   */
  async disconnect(id: string): Promise<Connection> {
    for (let attempt = 1; attempt <= DISCONNECT_ATTEMPTS; attempt += 1) {
      const connection = await this.get(id);
      if (connection.status === 'revoked') return connection;
      const { terraUserId } = connection;
      await this.terra.deauthenticate(terraUserId);
      await inTransaction(this.dataSource, (manager) =>
        this.lifecycle.revoke(manager, terraUserId, 'disconnected_by_us', this.clock.now()),
      );
      // The person may have connected again while we asked Terra: then another Terra user is the one to end.
    }
    const connection = await this.get(id);
    if (connection.status !== 'revoked') throw new ConnectionChangedError();
    return connection;
  }
}
