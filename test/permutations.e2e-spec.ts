import { DataSource } from 'typeorm';
import { ConnectionLifecycleService } from '../src/connections';
import { LONG_SCENARIO, SCENARIOS } from './support/connection-scenarios';
import { endsOf, PermutationSuite } from './permutations/suite';
import { startTestApp, type TestApp } from './support/app';

const RANDOM_ORDERS = 2_000;

describe('T-13, T-15, R4: every order of the news ends in the same state', () => {
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
      `permutations: ${orders} orders of ${SCENARIOS.length + 1} scenarios, ${duplicates} repetitions\n`,
    );
  });

  it.each(SCENARIOS)(
    '$name',
    async (scenario) => {
      const report = await suite.every(scenario);
      expect(report.different).toEqual([]);
      expect(endsOf(report.inOrder)).toEqual(scenario.ends);
      expect(report.orders).toBe(factorial(scenario.facts.length));
      total.orders += report.orders;
      total.duplicates += report.duplicates;
    },
    300_000,
  );

  it(`${LONG_SCENARIO.name}: ${RANDOM_ORDERS} random orders`, async () => {
    const report = await suite.some(LONG_SCENARIO, RANDOM_ORDERS, 4711);
    expect(report.different).toEqual([]);
    expect(endsOf(report.inOrder)).toEqual(LONG_SCENARIO.ends);
    total.orders += report.orders;
    total.duplicates += report.duplicates;
  }, 300_000);
});

function factorial(n: number): number {
  return n <= 1 ? 1 : n * factorial(n - 1);
}
