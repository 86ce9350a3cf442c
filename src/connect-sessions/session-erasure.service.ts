import { Injectable } from '@nestjs/common';
import { In, type EntityManager } from 'typeorm';
import { Clock } from '../common';
import { ConnectSessionConnection } from './connect-session-connection.entity';
import { OPEN_STATUSES } from './connect-session-status';
import { ConnectSession } from './connect-session.entity';

/** What erasure and export need of this room. All of it runs inside the caller's transaction. */
@Injectable()
export class SessionErasureService {
  constructor(private readonly clock: Clock) {}

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
