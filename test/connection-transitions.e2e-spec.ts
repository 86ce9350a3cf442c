import { factKey, type Fact, type NewFact } from '../src/connections/projection/connection-fact';
import { reduceConnections } from '../src/connections/projection/connection-reducer';
import { ALLOWED_TRANSITIONS, mayBecome, type ConnectionStatus } from '../src/connections/connection-status';
import { LONG_SCENARIO, SCENARIOS } from './permutations/scenarios';

function toFact(newFact: NewFact): Fact {
  const key = factKey(newFact).toString('hex');
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
    ...newFact,
    id: key,
    key,
    recordedAt: newFact.occurredAt,
  };
}

/** The status of the connection that a Terra user belongs to, by Terra user id. */
function statusesAfter(facts: Fact[]): Map<string, ConnectionStatus> {
  const connectionKeys = facts.flatMap(({ referenceId, provider }) =>
    referenceId === null || provider === null ? [] : { referenceId, provider },
  );
  const distinct = [...new Map(connectionKeys.map((key) => [JSON.stringify(key), key])).values()];
  const connections = distinct.flatMap((key) => reduceConnections(key, facts));
  return new Map(
    connections.flatMap(({ members, status }) => members.map(({ terraUserId }) => [terraUserId, status])),
  );
}

function ordersOf<T>(items: T[]): T[][] {
  if (items.length <= 1) return [items];
  return items.flatMap((item, place) => ordersOf(items.toSpliced(place, 1)).map((rest) => [item, ...rest]));
}

describe('The status transitions of a connection', () => {
  const seen = new Set<string>();
  beforeAll(() => {
    const scenarios = [...SCENARIOS.filter(({ facts }) => facts.length <= 6), LONG_SCENARIO];
    for (const { facts, name } of scenarios) {
      const orders = name === LONG_SCENARIO.name ? [facts] : ordersOf(facts);
      for (const order of orders.map((newFacts) => newFacts.map(toFact))) {
        let before = new Map<string, ConnectionStatus>();
        for (let known = 1; known <= order.length; known += 1) {
          const after = statusesAfter(order.slice(0, known));
          for (const [terraUserId, to] of after) {
            const from = before.get(terraUserId);
            if (from && from !== to) seen.add(`${from} → ${to}`);
          }
          before = after;
        }
      }
    }
  }, 120_000);

  it('are all in the table, whatever the order in which the facts arrive', () => {
    const unexpected = [...seen].filter((transition) => {
      const [from, to] = transition.split(' → ') as [ConnectionStatus, ConnectionStatus];
      return !mayBecome(from, to);
    });
    expect(unexpected).toEqual([]);
  });

  it('include every transition of the table', () => {
    const listed = Object.entries(ALLOWED_TRANSITIONS).flatMap(([from, list]) =>
      list.map((to) => `${from} → ${to}`),
    );
    expect(listed.filter((transition) => !seen.has(transition))).toEqual([]);
  });
});
