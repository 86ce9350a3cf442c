import { Injectable, Logger } from '@nestjs/common';
import { In, type EntityManager } from 'typeorm';
import { Clock } from '../common';
import { Connection, ConnectionLifecycleService } from '../connections';
import { afterCommit } from '../database';
import { EventLog } from '../events';
import { Metrics } from '../observability';
import type { ConnectSessionConnection } from './connect-session-connection.entity';
import type { ConnectSession } from './connect-session.entity';
import { decideOutcomes, finish, noOutcomes, type LedTo, type SessionOutcomes } from './session-outcome';
import { SessionOutcomeRepository } from './session-outcome.repository';
import { eventOf } from './session-events';
import type { SessionLink, SessionSignal } from './session-signal';

/** Ends sessions, for webhooks and callbacks. Every method runs in the caller's transaction and is safe to repeat. */
@Injectable()
export class SessionOutcomeService {
  private readonly logger = new Logger(SessionOutcomeService.name);

  constructor(
    private readonly repository: SessionOutcomeRepository,
    private readonly lifecycle: ConnectionLifecycleService,
    private readonly events: EventLog,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
  ) {}

  /**
   * Completes the sessions that led to linked Terra users, and ends those of failed attempts, as if the signals came one
   * after the other. A failed attempt changes no connection. The number of statements does not grow with that of the signals.
   */
  async apply(manager: EntityManager, signals: SessionSignal[]): Promise<void> {
    if (signals.length === 0) return;
    const sessions = await this.repository.lock(manager, signals);
    if (sessions.length === 0) return;
    const reconnected = await this.reconnected(manager, sessions);
    const outcomes = decideOutcomes(signals, sessions, reconnected, this.clock.now());
    const connectionIds = await this.reconnect(manager, outcomes);
    const links = await this.link(manager, outcomes.ledTo, connectionIds);
    await this.write(manager, outcomes, links);
  }

  async recordConnectedIn(
    manager: EntityManager,
    sessionId: string,
    link: SessionLink,
    occurredAt: Date,
  ): Promise<void> {
    await this.apply(manager, [{ kind: 'connected', of: { sessionId }, link, occurredAt }]);
  }

  async recordFailedIn(manager: EntityManager, sessionId: string, reason: string | null): Promise<void> {
    await this.apply(manager, [{ kind: 'failed', of: { sessionId }, reason }]);
  }

  /** Completes the sessions that led to a connection which was provisional until now. */
  async recordAnnounced(manager: EntityManager, { id, terraUserId }: Connection): Promise<void> {
    const outcomes = noOutcomes();
    for (const session of await this.repository.lockThatLedTo(manager, id))
      finish(session, terraUserId, this.clock.now(), outcomes);
    const links = outcomes.seen.map((session) => ({ sessionId: session.id, connectionId: id }));
    await this.write(manager, outcomes, links);
  }

  /** The connections that these sessions reconnect, by id. */
  private async reconnected(
    manager: EntityManager,
    sessions: ConnectSession[],
  ): Promise<Map<string, Connection>> {
    const ids = [...new Set(sessions.flatMap(({ reconnectsConnectionId }) => reconnectsConnectionId ?? []))];
    const found = ids.length === 0 ? [] : await manager.findBy(Connection, { id: In(ids) });
    return new Map(found.map((connection) => [connection.id, connection]));
  }

  /** @returns the Terra users that continue an earlier connection → its id */
  private async reconnect(
    manager: EntityManager,
    { ledTo, successions }: SessionOutcomes,
  ): Promise<Map<string, string>> {
    await this.lifecycle.succeed(manager, successions);
    const swaps = ledTo.flatMap(({ swap }) => swap ?? []);
    const recorded = swaps.length === 0 ? [] : await this.lifecycle.record(manager, swaps);
    return new Map(
      recorded.flatMap(({ connection }, index) => {
        const terraUserId = swaps[index]?.terraUserId;
        return connection && terraUserId ? [[terraUserId, connection.id] as const] : [];
      }),
    );
  }

  private async link(
    manager: EntityManager,
    ledTo: LedTo[],
    connectionIds: Map<string, string>,
  ): Promise<ConnectSessionConnection[]> {
    if (ledTo.length === 0) return [];
    const createdAt = this.clock.now();
    const links = ledTo.map(({ sessionId, link: { terraUserId, connection } }) => {
      return { sessionId, connectionId: connectionIds.get(terraUserId) ?? connection.id, createdAt };
    });
    await this.repository.addConnections(manager, links);
    return links;
  }

  private async write(
    manager: EntityManager,
    { changed, ended, seen, mismatched }: SessionOutcomes,
    links: Pick<ConnectSessionConnection, 'sessionId' | 'connectionId'>[],
  ): Promise<void> {
    if (changed.size > 0) await this.repository.write(manager, [...changed]);
    const connectionIdsOf = (id: string): string[] =>
      links.filter(({ sessionId }) => sessionId === id).map(({ connectionId }) => connectionId);
    await this.events.append(
      manager,
      seen.flatMap((session) => eventOf(session, [...new Set(connectionIdsOf(session.id))]) ?? []),
    );
    afterCommit(manager, () => {
      for (const sessionId of mismatched) {
        this.metrics.sessionMismatches.inc();
        this.logger.error({ event: 'session.provider_mismatch', sessionId });
      }
      for (const { sessionId, status } of ended) {
        this.metrics.sessions.inc({ status });
        this.logger.log({ event: `session.${status}`, sessionId });
      }
    });
  }
}
