import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { inTransaction } from '../database';
import { CursorUnknownError, decodeCursor, toPage, type Page } from '../http';
import type { ConnectionStatus } from './connection-status';
import type { Connection } from './connection.entity';
import { ConnectionsService } from './connections.service';
import { compareFacts, ORIGIN_OF_CAUSE, type Fact, type FactOrigin } from './projection/connection-fact';
import { ConnectionFactRepository } from './projection/connection-fact.repository';
import type { ConnectionIdentity } from './projection/connection-identity.entity';
import { ConnectionProjectionRepository } from './projection/connection-projection.repository';
import { reduceConnections } from './projection/connection-reducer';
import { FactComponents } from './projection/fact-components';
import { ownIdsOf, ownPartOf, type OwnPart } from './projection/own-part';
import type { ConnectionKey } from './projection/connection-key';

/**
 * One line of a connection's history: a fact without what another end user reported (T-16), who caused it, and the
 * connection's status from then on.
 */
export interface HistoryLine extends OwnPart<Fact> {
  origin: FactOrigin;
  /** null before the end user connected the account. */
  status: ConnectionStatus | null;
}

/** What the service knows about one connection, for a diagnosis. */
export interface ConnectionRecord {
  /** Every Terra user that the connection has had, oldest first. */
  identities: ConnectionIdentity[];
  /** The newest lines of the history, newest first. */
  history: HistoryLine[];
}

/** Reads the history of connections, in the order in which its facts occurred, not in which they arrived. */
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
    const connection = await this.connections.get(connectionId);
    const { referenceId, provider, terraUserId } = connection;
    const key = { referenceId, provider };
    const { identities, facts } = await this.read(
      (manager) => this.projection.identitiesOf(manager, key),
      [terraUserId],
    );
    const lines = linesOf(connection, key, identities, facts);
    const start = afterId === null ? 0 : lines.newestFirst.findIndex((fact) => fact.id === afterId) + 1;
    if (afterId !== null && start === 0) throw new CursorUnknownError();
    return toPage(lines.take(start, page.limit + 1), page.limit);
  }

  /** The records of all connections of an end user, by connection id, with a fixed number of statements. */
  async recordsOf(referenceId: string, historyLines: number): Promise<Map<string, ConnectionRecord>> {
    const { identities, facts } = await this.read((manager) =>
      this.projection.identitiesOfEndUser(manager, referenceId),
    );
    const records = new Map<string, ConnectionRecord>();
    for (const [provider, ofKey] of groupBy(identities, (one) => one.provider)) {
      if (provider === null) continue;
      for (const [id, members] of groupBy(ofKey, (one) => one.connectionId)) {
        if (id === null) continue;
        const lines = linesOf({ id }, { referenceId, provider }, ofKey, facts);
        const oldestFirst = members.sort((a, b) => a.firstSeenAt.getTime() - b.firstSeenAt.getTime());
        records.set(id, { identities: oldestFirst, history: lines.take(0, historyLines) });
      }
    }
    return records;
  }

  private read(
    identitiesIn: (manager: EntityManager) => Promise<ConnectionIdentity[]>,
    others: string[] = [],
  ): Promise<{ identities: ConnectionIdentity[]; facts: FactComponents }> {
    return inTransaction(this.dataSource, async (manager) => {
      const identities = await identitiesIn(manager);
      const ids = [...identities.map(({ terraUserId }) => terraUserId), ...others];
      const all = await this.facts.connectedWith(manager, ids);
      return { identities, facts: new FactComponents(all.sort(compareFacts)) };
    });
  }
}

/**
 * The lines of one connection.
 *
 * @param connection its Terra user may be absent, if `ofKey` has it
 * @param ofKey the identities of its connection key
 */
function linesOf(
  connection: Pick<Connection, 'id'> & Partial<Pick<Connection, 'terraUserId'>>,
  key: ConnectionKey,
  ofKey: ConnectionIdentity[],
  components: FactComponents,
): { newestFirst: Fact[]; take: (start: number, count: number) => HistoryLine[] } {
  const idsOf = (some: ConnectionIdentity[]): string[] => some.map(({ terraUserId }) => terraUserId);
  const members = idsOf(ofKey.filter((one) => one.connectionId === connection.id));
  const last = connection.terraUserId ?? [];
  const facts = components.deciding([members, last].flat(), idsOf(ofKey));
  const terraUserIds = [idsOf(ofKey), last].flat();
  const own = ownIdsOf({ referenceId: key.referenceId, terraUserIds }, facts);
  const places = new Map(facts.map((fact, place) => [fact, place]));
  const isFormer = formerUserFilter([members, last].flat(), idsOf(ofKey), key.referenceId, facts);
  const newestFirst = facts
    .filter(
      (fact) =>
        members.includes(fact.terraUserId) ||
        (fact.oldTerraUserId !== null && members.includes(fact.oldTerraUserId)) ||
        isFormer(fact),
    )
    .reverse();
  const toLine = (fact: Fact): HistoryLine => {
    const until = facts.slice(0, (places.get(fact) ?? 0) + 1);
    const then = reduceConnections(key, until).find((state) =>
      state.members.some(({ terraUserId }) => terraUserId === fact.terraUserId),
    );
    const status = isDeparture(fact, key.referenceId) ? 'moved' : (then?.status ?? null);
    return { ...ownPartOf(fact, own), origin: originOf(fact, until), status };
  };
  return { newestFirst, take: (start, count) => newestFirst.slice(start, start + count).map(toLine) };
}

/**
 * Whether a fact is about a Terra user that the connection had before another end user became the owner, and about that
 * time.
 *
 * @param users the present Terra users of the connection, and its last one
 * @param present the Terra users that the end user has now
 */
function formerUserFilter(
  users: string[],
  present: string[],
  referenceId: string,
  facts: Fact[],
): (fact: Fact) => boolean {
  const successors = facts.filter(({ oldTerraUserId: old }) => old !== null && users.includes(old));
  const former = [...users, ...successors.map(({ terraUserId }) => terraUserId)].filter(
    (user) => !present.includes(user),
  );
  const departures = facts.filter((fact) => isDeparture(fact, referenceId));
  return (fact) => {
    if (!former.includes(fact.terraUserId)) return false;
    if (fact.referenceId !== null) return [fact.referenceId, fact.oldReferenceId].includes(referenceId);
    return departures.some(
      ({ terraUserId, occurredAt }) => terraUserId === fact.terraUserId && fact.occurredAt <= occurredAt,
    );
  };
}

/** Whether an operator accepted another owner than the end user. */
function isDeparture({ cause, oldReferenceId }: Fact, referenceId: string): boolean {
  return cause === 'owner_accepted' && oldReferenceId === referenceId;
}

function groupBy<Item, Key>(items: Item[], keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}

// Terra reports an end as `deauth` even if we requested it.
function originOf(fact: Fact, until: Fact[]): FactOrigin {
  const requested = until.some(
    ({ kind, terraUserId }) => kind === 'disconnect_requested' && terraUserId === fact.terraUserId,
  );
  return fact.cause === 'deauth' && requested ? 'us' : ORIGIN_OF_CAUSE[fact.cause];
}
