import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, In, IsNull, Not, type EntityManager } from 'typeorm';
import { validate as isUuid } from 'uuid';
import { Clock } from '../common';
import { inTransaction } from '../database';
import { decodeCursor, toPage } from '../http';
import { decodeChangeCursor, encodeChangeCursor, placeBefore } from './change-cursor';
import { isInUse } from './connection-status';
import { Connection } from './connection.entity';
import { ConnectionRepository, type ConnectionCriteria, type ConnectionPage } from './connection.repository';
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
  /** Only connections that changed at this time or later, in the order of their changes. */
  updatedSince?: Date;
}

/** Finds, lists and disconnects connections. */
@Injectable()
export class ConnectionsService {
  constructor(
    private readonly repository: ConnectionRepository,
    private readonly lifecycle: ConnectionLifecycleService,
    private readonly clock: Clock,
    @InjectDataSource() private readonly dataSource: DataSource,
  ) {}

  /**
   * Finds a connection. For a merged connection, finds the connection that it was merged into.
   *
   * @throws ConnectionNotFoundError
   */
  async get(id: string): Promise<Connection> {
    const connection = (await this.findAll([id])).get(id);
    if (!connection) throw new ConnectionNotFoundError(id);
    return connection;
  }

  /**
   * Finds several connections, by the given id. A merged connection counts as the one that it was merged into.
   *
   * @returns without the ids that are unknown, and without provisional connections: no caller sees them
   */
  async findAll(ids: string[]): Promise<Map<string, Connection>> {
    const rows = new Map<string, Connection>();
    for (let wanted = ids; wanted.length > 0;) {
      const found = await this.repository.findByIds(wanted);
      for (const row of found) rows.set(row.id, row);
      wanted = found.flatMap(({ mergedInto }) => (mergedInto && !rows.has(mergedInto) ? [mergedInto] : []));
    }
    const current = (id: string | null): Connection | undefined => {
      const row = id === null ? undefined : rows.get(id);
      if (row?.mergedInto) return current(row.mergedInto);
      return row?.provisionalCheckAt === null ? row : undefined;
    };
    return new Map(ids.flatMap((id) => [current(id)].flatMap((one) => (one ? [[id, one] as const] : []))));
  }

  /**
   * Finds the current Terra users of an end user's connections that are in use.
   *
   * @param ids each the id of a connection, or a Terra user that the connection has had
   * @returns the Terra users by the given id; without ids that name no such connection (T-05: also another end user's)
   */
  async currentTerraUsers(referenceId: string, ids: string[]): Promise<Map<string, string>> {
    const identities = await this.dataSource.manager.findBy(ConnectionIdentity, { terraUserId: In(ids) });
    const connectionIdOf = new Map(
      identities.map(({ terraUserId, connectionId }) => [terraUserId, connectionId]),
    );
    const named = ids.map((id) => ({ id, connectionId: connectionIdOf.get(id) ?? id }));
    const connections = await this.findAll(
      named.map(({ connectionId }) => connectionId).filter((id) => isUuid(id)),
    );
    return new Map(
      named.flatMap(({ id, connectionId }) => {
        const connection = connections.get(connectionId);
        const isOwn = connection?.referenceId === referenceId && isInUse(connection.status);
        return isOwn ? [[id, connection.terraUserId] as const] : [];
      }),
    );
  }

  /**
   * Finds a connection that the end user may reconnect: one that has ended, or one that needs other scopes.
   *
   * @throws ConnectionNotFoundError, also for another end user's connection (T-05); ConnectionDisconnectingError
   */
  async getReconnectable(id: string, referenceId: string): Promise<Connection> {
    const connection = await this.get(id);
    if (connection.referenceId !== referenceId) throw new ConnectionNotFoundError(id);
    if (connection.status === 'disconnecting') throw new ConnectionDisconnectingError();
    return connection;
  }

  /** A page of the connections that match, newest first, or with `updatedSince` in the order of their changes. */
  async list({ updatedSince, ...filter }: ConnectionFilter): Promise<ConnectionPage> {
    if (updatedSince) return this.listChanged(updatedSince, filter);
    const { limit, cursor, ...criteria } = filter;
    const beforeId = cursor === undefined ? undefined : decodeCursor(cursor);
    const rows = await this.repository.list({ ...criteria, beforeId }, limit + 1);
    return { ...toPage(rows, limit), updatedUntil: null };
  }

  private async listChanged(
    since: Date,
    filter: Omit<ConnectionFilter, 'updatedSince'>,
  ): Promise<ConnectionPage> {
    const { limit, cursor, ...criteria } = filter;
    const after = cursor === undefined ? placeBefore(since) : decodeChangeCursor(cursor);
    const until = await this.repository.completeUntil();
    // A standby cannot tell which changes are complete, so it shows none.
    if (!until) return { items: [], nextCursor: null, updatedUntil: since };
    const rows = await this.repository.listChanged(criteria, { after, until }, limit + 1);
    const items = rows.slice(0, limit);
    const last = items.at(-1);
    if (rows.length > limit && last)
      return { items, nextCursor: encodeChangeCursor(last), updatedUntil: null };
    return { items, nextCursor: null, updatedUntil: until };
  }

  /** All connections of an end user, including ended ones but not provisional ones, newest first. */
  allOf(referenceId: string): Promise<Connection[]> {
    return this.dataSource.manager.find(Connection, {
      where: { referenceId, mergedInto: IsNull(), provisionalCheckAt: IsNull() },
      order: { id: 'DESC' },
    });
  }

  /** When health data of any active connection last arrived, up to one hour behind; null: never. */
  lastDataAt(): Promise<Date | null> {
    return this.repository.lastDataAt();
  }

  /** When the end user was last erased; null if never. */
  async erasedAt(referenceId: string): Promise<Date | null> {
    const digest = tombstoneDigest('end_user', referenceId);
    return (await this.dataSource.manager.findOneBy(Tombstone, { digest }))?.erasedAt ?? null;
  }

  /** The Terra users among `terraUserIds` that have a connection. */
  async ownedAmong(terraUserIds: string[], manager = this.dataSource.manager): Promise<string[]> {
    if (terraUserIds.length === 0) return [];
    const owned = await manager.findBy(ConnectionIdentity, {
      terraUserId: In(terraUserIds),
      connectionId: Not(IsNull()),
    });
    return owned.map(({ terraUserId }) => terraUserId);
  }

  /** The connection that has the Terra user now; null if none has. */
  async ofTerraUser(manager: EntityManager, terraUserId: string): Promise<Connection | null> {
    const identity = await manager.findOneBy(ConnectionIdentity, { terraUserId });
    return identity?.connectionId ? manager.findOneBy(Connection, { id: identity.connectionId }) : null;
  }

  /**
   * Disconnects a connection. Its status changes at once, so that callers stop using it. The service repeats the
   * deauthentication request until Terra confirms it. A second call is no error.
   *
   * @param by who requests the end and why, for the history and the deauthentication request
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
      // The end user may have reconnected meanwhile. Then the next attempt ends the new Terra user of the connection.
    }
    const connection = await this.get(id);
    if (isInUse(connection.status)) throw new ConnectionChangedError();
    return connection;
  }
}
