import { DataSource } from 'typeorm';
import { ConnectionLifecycleService } from '../src/connections';
import type { Fact } from '../src/connections/projection/connection-fact';
import type * as Reducer from '../src/connections/projection/connection-reducer';
import { SCENARIOS } from './support/connection-scenarios';
import { PermutationSuite } from './permutations/suite';
import { startTestApp, type TestApp } from './support/app';

/** What a reducer may do wrong: it is given the facts as they should not be. */
type Breakage = (facts: Fact[]) => Fact[];
let mockBreakage: Breakage = (facts) => facts;

jest.mock<typeof Reducer>('../src/connections/projection/connection-reducer', () => {
  const real = jest.requireActual<typeof Reducer>('../src/connections/projection/connection-reducer');
  return { ...real, reduceConnections: (owner, facts) => real.reduceConnections(owner, mockBreakage(facts)) };
});

// Ids are given in the order of arrival.
const byArrival = (facts: Fact[]): Fact[] => facts.toSorted((a, b) => (a.id < b.id ? -1 : 1));

const BREAKAGES: Record<string, Breakage> = {
  'takes the order of arrival for the order of events': (facts) =>
    byArrival(facts).map((fact, place) => ({ ...fact, occurredAt: new Date(place * 3_600_000) })),
  'lets news that arrives after an end bring the Terra user back': (facts) => {
    const last = byArrival(facts).at(-1);
    return last?.kind === 'ended' ? facts : facts.filter(({ kind }) => kind !== 'ended');
  },
  'forgets a swap whose old Terra user was not known when it came': (facts) => {
    const known = new Set<string | null>([null]);
    return byArrival(facts).filter(({ kind, terraUserId, oldTerraUserId }) => {
      const holds = kind !== 'swapped' || known.has(oldTerraUserId);
      known.add(terraUserId);
      return holds;
    });
  },
  'keeps only the newest arrival of each kind': (facts) => [
    ...new Map(byArrival(facts).map((fact) => [`${fact.terraUserId} ${fact.kind}`, fact])).values(),
  ],
};

describe('the permutation suite itself', () => {
  const short = SCENARIOS.filter(({ facts }) => facts.length <= 4);
  let service: TestApp;
  let suite: PermutationSuite;
  beforeAll(async () => {
    service = await startTestApp();
    const { app } = service;
    suite = new PermutationSuite(app.get(DataSource), app.get(ConnectionLifecycleService, { strict: false }));
  });
  afterAll(() => service.close());

  const failing = async (): Promise<string[]> => {
    const names: string[] = [];
    for (const scenario of short) {
      const { different } = await suite.every(scenario);
      if (different.length > 0) names.push(scenario.name);
    }
    return names;
  };

  it('passes a reducer that is whole', async () => {
    mockBreakage = (facts) => facts;
    expect(await failing()).toEqual([]);
  }, 120_000);

  it.each(Object.entries(BREAKAGES))(
    'fails a reducer that %s',
    async (_what, breakage) => {
      mockBreakage = breakage;
      expect((await failing()).length).toBeGreaterThan(0);
    },
    120_000,
  );
});
