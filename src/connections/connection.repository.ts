import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { runIn } from '../database';
import { ConnectionIdentity } from './connection-identity.entity';
import { Connection } from './connection.entity';

/** The SQL of the lifecycle: locks. Everything here runs inside the caller's transaction. */
@Injectable()
export class ConnectionRepository {
  /**
   * Serialises all news about the given Terra users. Advisory, because the row may not exist yet: `auth` and `deauth` of
   * a user we have never seen may be worked on at the same time. Taken in one order, so that swaps that cross do not
   * wait for each other.
   */
  async lockTerraUsers(manager: EntityManager, ...terraUserIds: string[]): Promise<void> {
    for (const terraUserId of [...new Set(terraUserIds)].sort()) {
      await runIn(manager, `SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`, [
        `terra-user:${terraUserId}`,
      ]);
    }
  }

  findIdentity(manager: EntityManager, terraUserId: string): Promise<ConnectionIdentity | null> {
    return manager.findOneBy(ConnectionIdentity, { terraUserId });
  }

  /** Locks a connection for change. Callers hold the locks of its Terra users first. */
  async getForUpdate(manager: EntityManager, id: string): Promise<Connection> {
    return manager.findOneOrFail(Connection, { where: { id }, lock: { mode: 'pessimistic_write' } });
  }
}
