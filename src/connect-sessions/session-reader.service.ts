import { Injectable } from '@nestjs/common';
import { Clock } from '../common';
import { Connection, ConnectionsService } from '../connections';
import { decodeCursor, toPage, type Page } from '../http';
import { BrowserUrls } from './browser-urls';
import { asOf, type ConnectSessionStatus } from './connect-session-status';
import { ConnectSession } from './connect-session.entity';
import { ConnectSessionRepository, type LinkedSession } from './connect-session.repository';
import { ConnectSessionNotFoundError } from './connect-sessions.errors';

export interface ConnectSessionWithOutcome {
  session: ConnectSession;
  connectUrl: string;
  connections: Connection[];
}

/** The filters of a list of sessions. A session must match every given filter. */
export interface ConnectSessionFilter {
  referenceId?: string;
  status?: ConnectSessionStatus;
  limit: number;
  cursor?: string;
}

/** Reads sessions as they are now, with the connections that they made. */
@Injectable()
export class SessionReaderService {
  constructor(
    private readonly repository: ConnectSessionRepository,
    private readonly connections: ConnectionsService,
    private readonly urls: BrowserUrls,
    private readonly clock: Clock,
  ) {}

  /** @throws ConnectSessionNotFoundError */
  async get(id: string): Promise<ConnectSessionWithOutcome> {
    const session = await this.repository.findById(id);
    if (!session) throw new ConnectSessionNotFoundError();
    return this.withOutcome(session);
  }

  /** A page of the sessions that match, newest first. */
  async list({ limit, cursor, ...criteria }: ConnectSessionFilter): Promise<Page<ConnectSessionWithOutcome>> {
    const beforeId = cursor === undefined ? null : decodeCursor(cursor);
    const rows = await this.repository.list({ ...criteria, beforeId, now: this.clock.now() }, limit + 1);
    const { items, nextCursor } = toPage(rows, limit);
    return { items: await this.withOutcomes(items), nextCursor };
  }

  /** The sessions of an end user, newest first. */
  async listOf(referenceId: string, limit: number): Promise<ConnectSession[]> {
    const sessions = await this.repository.listOf(referenceId, limit);
    return sessions.map((session) => asOf(session, this.clock.now()));
  }

  async withOutcome(session: LinkedSession): Promise<ConnectSessionWithOutcome> {
    const [read] = await this.withOutcomes([session]);
    return read!;
  }

  private async withOutcomes(sessions: LinkedSession[]): Promise<ConnectSessionWithOutcome[]> {
    const known = await this.connections.findAll([
      ...new Set(sessions.flatMap(({ connectionIds }) => connectionIds)),
    ]);
    const now = this.clock.now();
    return sessions.map((session) => {
      const found = session.connectionIds.flatMap((id) => known.get(id) ?? []);
      // Two of the connections may have been merged since: an account that was connected twice is one connection.
      const connections = [...new Map(found.map((connection) => [connection.id, connection])).values()];
      return {
        session: asOf(session, now),
        connectUrl: this.urls.connectUrl(session.connectToken),
        connections,
      };
    });
  }
}
