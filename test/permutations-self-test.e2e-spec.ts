import { DataSource } from 'typeorm';
import { ConnectionLifecycleService } from '../src/connections';
import type { Fact } from '../src/connections/projection/connection-fact';
import type * as Reducer from '../src/connections/projection/connection-reducer';
import { PermutationSuite } from './permutations/suite';
import { startTestApp, type TestApp } from './support/app';
import { SCENARIOS, type Scenario } from './support/connection-scenarios';

/** A bug of a reducer, as a change of the facts that the reducer gets. */
type Bug = (facts: Fact[]) => Fact[];
let mockBug: Bug = (facts) => facts;

jest.mock<typeof Reducer>('../src/connections/projection/connection-reducer', () => {
  const real = jest.requireActual<typeof Reducer>('../src/connections/projection/connection-reducer');
  return { ...real, reduceConnections: (owner, facts) => real.reduceConnections(owner, mockBug(facts)) };
});

// Ids ascend in the order of arrival.
const byArrival = (facts: Fact[]): Fact[] => facts.toSorted((a, b) => (a.id < b.id ? -1 : 1));

const BUGS: Record<string, Bug> = {
  'orders facts by arrival': (facts) =>
    byArrival(facts).map((fact, place) => ({ ...fact, occurredAt: new Date(place * 3_600_000) })),
  'reactivates a Terra user when a fact arrives after the end': (facts) => {
    const last = byArrival(facts).at(-1);
    return last?.kind === 'ended' ? facts : facts.filter(({ kind }) => kind !== 'ended');
  },
  'forgets a swap that arrives before its old Terra user is known': (facts) => {
    const known = new Set<string | null>([null]);
    return byArrival(facts).filter(({ kind, terraUserId, oldTerraUserId }) => {
      const holds = kind !== 'swapped' || known.has(oldTerraUserId);
      known.add(terraUserId);
      return holds;
    });
  },
  'keeps only the latest arrival of each kind': (facts) => [
    ...new Map(byArrival(facts).map((fact) => [`${fact.terraUserId} ${fact.kind}`, fact])).values(),
  ],
};

describe('The permutation suite', () => {
  const short = SCENARIOS.filter(({ facts }) => facts.length <= 4);
  let service: TestApp;
  let suite: PermutationSuite;
  beforeAll(async () => {
    service = await startTestApp();
    const { app } = service;
    suite = new PermutationSuite(app.get(DataSource), app.get(ConnectionLifecycleService, { strict: false }));
  });
  afterAll(() => service.close());

  const failing = new Set<Scenario>();

  it.each(Object.entries(BUGS))(
    'finds the bug of a reducer that %s',
    async (_what, bug) => {
      mockBug = bug;
      // It is enough that one scenario finds the bug.
      for (const scenario of short) {
        const { different } = await suite.every(scenario);
        if (different.length === 0) continue;
        failing.add(scenario);
        return;
      }
      throw new Error('No scenario finds the bug of this reducer.');
    },
    120_000,
  );

  it('passes the real reducer on the scenarios that found the bugs', async () => {
    mockBug = (facts) => facts;
    expect(failing.size).toBeGreaterThan(0);
    for (const scenario of failing) expect((await suite.every(scenario)).different).toEqual([]);
  }, 120_000);
});
