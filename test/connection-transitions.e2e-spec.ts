import type { Fact } from '../src/connections/projection/connection-fact';
import { reduceConnections } from '../src/connections/projection/connection-reducer';
import { ALLOWED_TRANSITIONS, mayBecome, type ConnectionStatus } from '../src/connections/connection-status';
import { LONG_SCENARIO, SCENARIOS } from './support/connection-scenarios';
import { storedFact } from './support/facts';

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

describe('The status transitions of a connection', () => {
  const seen = new Set<string>();
  beforeAll(() => {
    for (const { facts } of [...SCENARIOS, LONG_SCENARIO]) {
      const stored = facts.map(storedFact);
      // The order does not affect the result (connection-reducer.spec.ts), so it is enough to add each fact to each set
      // of the other facts. A number encodes a set: one bit per fact.
      const statuses = Array.from({ length: 2 ** stored.length }, (_, set) =>
        statusesAfter(stored.filter((_fact, index) => set & (1 << index))),
      );
      for (const [set, before] of statuses.entries()) {
        for (const index of stored.keys()) {
          for (const [terraUserId, to] of statuses[set | (1 << index)] ?? []) {
            const from = before.get(terraUserId);
            if (from && from !== to) seen.add(`${from} → ${to}`);
          }
        }
      }
    }
  });

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
