import { factKey, type Fact, type NewFact } from '../src/connections/projection/connection-fact';
import { reduceConnections } from '../src/connections/projection/connection-reducer';
import { ALLOWED_TRANSITIONS, mayBecome, type ConnectionStatus } from '../src/connections/connection-status';
import { LONG_SCENARIO, SCENARIOS } from './permutations/scenarios';

function toFact(news: NewFact): Fact {
  const key = factKey(news).toString('hex');
  return {
    referenceId: null,
    provider: null,
    oldTerraUserId: null,
    oldReferenceId: null,
    scopes: null,
    scopesAdded: [],
    scopesRemoved: [],
    actor: null,
    reason: null,
    sourceId: null,
    ...news,
    id: key,
    key,
    recordedAt: news.occurredAt,
  };
}

/** By Terra user: the status of the connection that it is of. */
function statusesAfter(facts: Fact[]): Map<string, ConnectionStatus> {
  const owners = facts.flatMap(({ referenceId, provider }) =>
    referenceId === null || provider === null ? [] : { referenceId, provider },
  );
  const distinct = [...new Map(owners.map((owner) => [JSON.stringify(owner), owner])).values()];
  const connections = distinct.flatMap((owner) => reduceConnections(owner, facts));
  return new Map(
    connections.flatMap(({ members, status }) => members.map(({ terraUserId }) => [terraUserId, status])),
  );
}

function ordersOf<T>(items: T[]): T[][] {
  if (items.length <= 1) return [items];
  return items.flatMap((item, place) => ordersOf(items.toSpliced(place, 1)).map((rest) => [item, ...rest]));
}

describe('the transitions of a connection', () => {
  const seen = new Set<string>();
  beforeAll(() => {
    const scenarios = [...SCENARIOS.filter(({ facts }) => facts.length <= 6), LONG_SCENARIO];
    for (const { facts, name } of scenarios) {
      const orders = name === LONG_SCENARIO.name ? [facts] : ordersOf(facts);
      for (const order of orders.map((news) => news.map(toFact))) {
        let before = new Map<string, ConnectionStatus>();
        for (let told = 1; told <= order.length; told += 1) {
          const after = statusesAfter(order.slice(0, told));
          for (const [terraUserId, to] of after) {
            const from = before.get(terraUserId);
            if (from && from !== to) seen.add(`${from} → ${to}`);
          }
          before = after;
        }
      }
    }
  }, 120_000);

  it('are those of the table, whatever order the news arrives in', () => {
    const unexpected = [...seen].filter((transition) => {
      const [from, to] = transition.split(' → ') as [ConnectionStatus, ConnectionStatus];
      return !mayBecome(from, to);
    });
    expect(unexpected).toEqual([]);
  });

  it('come about: the table lists nothing that only might', () => {
    const listed = Object.entries(ALLOWED_TRANSITIONS).flatMap(([from, list]) =>
      list.map((to) => `${from} → ${to}`),
    );
    expect(listed.filter((transition) => !seen.has(transition))).toEqual([]);
  });
});
