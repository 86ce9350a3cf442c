import { DataSource } from 'typeorm';
import { ConnectionLifecycleService } from '../src/connections';
import { endsOf, PermutationSuite } from './permutations/suite';
import { startTestApp, type TestApp } from './support/app';
import { LONG_SCENARIO, SCENARIOS } from './support/connection-scenarios';
import { randomOrders } from './support/orders';

// `npm run test:permutations` sets PERMUTATIONS. Without it, a long scenario is tried in a share of its orders.
const RUNS_ALL = process.env.PERMUTATIONS === 'all';
// Four facts have 24 orders, seven have 5,040.
const SHORT = 4;
const SHARE = 10;
const RANDOM_ORDERS = RUNS_ALL ? 2_000 : 2 * SHARE;
const SEED = 4711;
// 5,040 orders take half a minute. On a busy machine, they may take ten times as long.
const DEADLINE_MS = 20 * 60_000;

describe('T-13, T-15, R4: every order of the facts gives the same connections', () => {
  let service: TestApp;
  let suite: PermutationSuite;
  const total = { orders: 0, duplicates: 0 };
  beforeAll(async () => {
    service = await startTestApp();
    const { app } = service;
    suite = new PermutationSuite(app.get(DataSource), app.get(ConnectionLifecycleService, { strict: false }));
  });
  afterAll(async () => {
    await service.close();
    const { orders, duplicates } = total;
    process.stdout.write(
      `permutations: ${orders} orders of ${SCENARIOS.length + 1} scenarios, ${duplicates} repetitions, seed ${SEED}` +
        `${RUNS_ALL ? '' : '; npm run test:permutations tries every order'}\n`,
    );
  });

  it.each(SCENARIOS)(
    '$name',
    async (scenario) => {
      const length = scenario.facts.length;
      const runsEvery = RUNS_ALL || length <= SHORT;
      const report = runsEvery
        ? await suite.every(scenario)
        : await suite.some(scenario, [reversed(length), ...randomOrders(length, SHARE, SEED)]);
      expect(report.different).toEqual([]);
      expect(endsOf(report.inOrder)).toEqual(scenario.ends);
      expect(report.orders).toBe(runsEvery ? factorial(length) : 1 + SHARE);
      total.orders += report.orders;
      total.duplicates += report.duplicates;
    },
    DEADLINE_MS,
  );

  it(
    `${LONG_SCENARIO.name}: ${RANDOM_ORDERS} random orders`,
    async () => {
      const report = await suite.some(
        LONG_SCENARIO,
        randomOrders(LONG_SCENARIO.facts.length, RANDOM_ORDERS, SEED),
      );
      expect(report.different).toEqual([]);
      expect(endsOf(report.inOrder)).toEqual(LONG_SCENARIO.ends);
      total.orders += report.orders;
      total.duplicates += report.duplicates;
    },
    DEADLINE_MS,
  );
});

function factorial(n: number): number {
  return n <= 1 ? 1 : n * factorial(n - 1);
}

/** Together with the scenario's own order, this order makes each fact arrive before and after each other fact. */
function reversed(length: number): number[] {
  return [...Array(length).keys()].reverse();
}
