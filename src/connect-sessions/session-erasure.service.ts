import { Injectable } from '@nestjs/common';
import { In, type EntityManager } from 'typeorm';
import { Clock } from '../common';
import { ConnectSessionConnection } from './connect-session-connection.entity';
import { OPEN_STATUSES } from './connect-session-status';
import { ConnectSessionUpkeepRepository } from './connect-session-upkeep.repository';
import { ConnectSession } from './connect-session.entity';

/** What erasure, export and retention need of this room. All but retention runs inside the caller's transaction. */
@Injectable()
export class SessionErasureService {
  constructor(
    private readonly upkeep: ConnectSessionUpkeepRepository,
    private readonly clock: Clock,
  ) {}

  /** Retention: in a transaction of its own. @returns how many sessions were deleted, at most `limit` */
  deleteEnded(before: Date, limit: number): Promise<number> {
    return this.upkeep.deleteEnded(before, limit);
  }

  /** No link that the person has been given opens anything any more. */
  async close(manager: EntityManager, referenceId: string): Promise<void> {
    const now = this.clock.now();
    await manager.update(
      ConnectSession,
      { referenceId, status: In([...OPEN_STATUSES]) },
      { status: 'cancelled', failureReason: 'erased', endedAt: now, updatedAt: now },
    );
  }

  listOf(manager: EntityManager, referenceId: string): Promise<ConnectSession[]> {
    return manager.find(ConnectSession, { where: { referenceId }, order: { id: 'ASC' } });
  }

  linksOf(manager: EntityManager, sessionIds: string[]): Promise<ConnectSessionConnection[]> {
    return manager.find(ConnectSessionConnection, {
      where: { sessionId: In(sessionIds) },
      order: { sessionId: 'ASC', connectionId: 'ASC' },
    });
  }

  /** @returns rows by table */
  async erase(
    manager: EntityManager,
    referenceId: string,
    connectionIds: string[],
  ): Promise<{ sessions: number; sessionLinks: number }> {
    const sessionIds = (await this.listOf(manager, referenceId)).map(({ id }) => id);
    const links = await manager.delete(ConnectSessionConnection, [
      { sessionId: In(sessionIds) },
      { connectionId: In(connectionIds) },
    ]);
    const sessions = await manager.delete(ConnectSession, { referenceId });
    return { sessions: sessions.affected ?? 0, sessionLinks: links.affected ?? 0 };
  }
}
