import { Injectable } from '@nestjs/common';
import { InjectDataSource, InjectRepository } from '@nestjs/typeorm';
import { DataSource, IsNull, LessThan, Repository, type FindOptionsWhere } from 'typeorm';
import { Clock, decodeCursor, toPage, type Page } from '../common';
import { inTransaction } from '../database';
import { TerraClient } from '../terra';
import { ConnectionLifecycleService } from './connection-lifecycle.service';
import type { ConnectionStatus } from './connection-status';
import { Connection } from './connection.entity';
import { ConnectionNotFoundError } from './connections.errors';

export interface ConnectionFilter {
  referenceId?: string;
  terraUserId?: string;
  provider?: string;
  status?: ConnectionStatus;
  limit: number;
  cursor?: string;
}

/** What callers ask of connections: which Terra user belongs to which end user, and to end that. */
@Injectable()
export class ConnectionsService {
  constructor(
    @InjectRepository(Connection) private readonly connections: Repository<Connection>,
    @InjectDataSource() private readonly dataSource: DataSource,
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
    const where: FindOptionsWhere<Connection> = { mergedInto: IsNull() };
    if (filter.referenceId !== undefined) where.referenceId = filter.referenceId;
    if (filter.terraUserId !== undefined) where.terraUserId = filter.terraUserId;
    if (filter.provider !== undefined) where.provider = filter.provider;
    if (filter.status !== undefined) where.status = filter.status;
    if (filter.cursor !== undefined) where.id = LessThan(decodeCursor(filter.cursor));
    const rows = await this.connections.find({ where, order: { id: 'DESC' }, take: filter.limit + 1 });
    return toPage(rows, filter.limit);
  }

  /**
   * Ends the connection at Terra, then here. Terra comes first: if it cannot be reached the caller gets the error and
   * the connection stays as it is, instead of a "disconnected" under which data goes on flowing. Ending what has ended
   * is success.
   */
  async disconnect(id: string): Promise<Connection> {
    const connection = await this.get(id);
    if (connection.status === 'revoked') return connection;
    const { terraUserId } = connection;
    await this.terra.deauthenticate(terraUserId);
    await inTransaction(this.dataSource, (manager) =>
      this.lifecycle.revoke(manager, terraUserId, 'disconnected_by_us', this.clock.now()),
    );
    return this.get(id);
  }
}
