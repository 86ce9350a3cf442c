import { DataSource } from 'typeorm';
import { inTransaction, runSql } from '../../src/database';
import { startTestApp, type TestApp } from '../support/app';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { connectSeveral, imposeSettings } from '../support/imposed-settings';
import { startPgBouncer, type PgBouncer } from './support/pgbouncer';

describe('The service behind PgBouncer in transaction mode', () => {
  let database: TestDatabase;
  let pooler: PgBouncer;
  let service: TestApp;
  beforeAll(async () => {
    database = await createTestDatabase();
    // Two server connections for twelve of the service: statements of one client change the server all the time.
    pooler = await startPgBouncer({ databaseUrl: database.url, settings: { default_pool_size: 2 } });
    // The machine of the tests may be busy, and this test counts every error.
    const patient = { DATABASE_CONNECT_TIMEOUT_MS: '30000', SWEEP_INTERVAL_HOURS: '0' };
    service = await startTestApp({ DATABASE_URL: pooler.url, WORKERS_ENABLED: 'true', ...patient });
  });
  afterAll(async () => {
    await service.close();
    await pooler.stop();
    await database.drop();
  });

  it('connects end users, processes webhooks and erases, without a single failed statement', async () => {
    expect(await connectSeveral(service, 12)).toBe(11);
    expect(await service.api('GET', '/health/ready')).toMatchObject({ status: 200 });
    expect(service.log.filter((line) => line.includes('"level":"error"'))).toEqual([]);
    expect(service.log.join('')).not.toMatch(/prepared statement/);
  });

  it('leaves no setting behind in the connections that others share', async () => {
    await connectSeveral(service, 4);
    const viaPooler = new DataSource({ type: 'postgres', url: pooler.url });
    await viaPooler.initialize();
    for (let count = 0; count < 10; count += 1) {
      expect(await viaPooler.query('SHOW statement_timeout')).toEqual([{ statement_timeout: '0' }]);
    }
    await viaPooler.destroy();
  });

  it('works with the data source of a host, which does not know of the pooler', async () => {
    const host = new DataSource({ type: 'postgres', url: pooler.url, poolSize: 8 });
    await host.initialize();
    const add = (target: Parameters<typeof runSql>[0], n: number): Promise<unknown> =>
      runSql(target, 'SELECT $1::int + 1 AS sum', [n]).then(({ rows }) => rows[0]?.sum);
    const numbers = Array.from({ length: 40 }, (_, index) => index);
    const sums = await Promise.all(numbers.map((n) => add(host, n)));
    const others = await Promise.all(numbers.map((n) => inTransaction(host, (manager) => add(manager, n))));
    await host.destroy();
    expect([sums, others]).toEqual([numbers.map((n) => n + 1), numbers.map((n) => n + 1)]);
  });

  it('pins its session settings in each transaction', async () => {
    await imposeSettings(database);
    await pooler.stop();
    pooler = await startPgBouncer({ databaseUrl: database.url, settings: { default_pool_size: 2 } });
    const imposed = await startTestApp({ DATABASE_URL: pooler.url });
    expect(await connectSeveral(imposed, 4)).toBe(11 + 3 + 3);
    expect(await imposed.app.get(DataSource).query('SHOW synchronous_commit')).toEqual([
      { synchronous_commit: 'on' },
    ]);
    await imposed.close();
  });
});
