import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { inTransaction } from '../database';
import { CursorUnknownError, decodeCursor, toPage, type Page } from '../http';
import type { ConnectionStatus } from './connection-status';
import { ConnectionsService } from './connections.service';
import { compareFacts, ORIGIN_OF_CAUSE, type Fact, type FactOrigin } from './projection/connection-fact';
import { ConnectionFactRepository } from './projection/connection-fact.repository';
import { ConnectionProjectionRepository } from './projection/connection-projection.repository';
import { reduceConnections } from './projection/connection-reducer';

/** One line of a connection's history: a fact, who caused it, and the connection's status from then on. */
export interface HistoryLine extends Fact {
  origin: FactOrigin;
  /** null before the end user connected the account. */
  status: ConnectionStatus | null;
}

/** Reads the history of a connection, in the order in which its facts occurred, not in which they arrived. */
@Injectable()
export class ConnectionHistoryService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly connections: ConnectionsService,
    private readonly facts: ConnectionFactRepository,
    private readonly projection: ConnectionProjectionRepository,
  ) {}

  /**
   * Returns a page of the history, newest first.
   *
   * @throws ConnectionNotFoundError, CursorUnknownError
   */
  async history(connectionId: string, page: { limit: number; cursor?: string }): Promise<Page<HistoryLine>> {
    const afterId = page.cursor === undefined ? null : decodeCursor(page.cursor);
    const { id, referenceId, provider } = await this.connections.get(connectionId);
    const key = { referenceId, provider };
    const { facts, mine } = await inTransaction(this.dataSource, async (manager) => {
      const identities = await this.projection.identitiesOf(manager, key);
      const all = await this.facts.connectedWith(
        manager,
        identities.map(({ terraUserId }) => terraUserId),
      );
      const members = identities.filter(({ connectionId: of }) => of === id);
      return { facts: all.sort(compareFacts), mine: new Set(members.map(({ terraUserId }) => terraUserId)) };
    });
    const isMine = ({ terraUserId, oldTerraUserId }: Fact): boolean =>
      mine.has(terraUserId) || (oldTerraUserId !== null && mine.has(oldTerraUserId));
    const places = new Map(facts.map((fact, place) => [fact, place]));
    const newestFirst = facts.filter(isMine).reverse();
    const start = afterId === null ? 0 : newestFirst.findIndex((fact) => fact.id === afterId) + 1;
    if (afterId !== null && start === 0) throw new CursorUnknownError();
    const lines = newestFirst.slice(start, start + page.limit + 1).map((fact) => {
      const until = facts.slice(0, (places.get(fact) ?? 0) + 1);
      const then = reduceConnections(key, until).find(({ members }) =>
        members.some(({ terraUserId }) => terraUserId === fact.terraUserId),
      );
      return { ...fact, origin: originOf(fact, until), status: then?.status ?? null };
    });
    return toPage(lines, page.limit);
  }
}

// Terra reports an end as `deauth` even if we requested it.
function originOf(fact: Fact, until: Fact[]): FactOrigin {
  const requested = until.some(
    ({ kind, terraUserId }) => kind === 'disconnect_requested' && terraUserId === fact.terraUserId,
  );
  return fact.cause === 'deauth' && requested ? 'us' : ORIGIN_OF_CAUSE[fact.cause];
}
