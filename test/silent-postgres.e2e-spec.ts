import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { DATABASE_DEFAULTS } from '../src/config';
import { dataSourceOptions, inTransaction, runSql } from '../src/database';
import { WorkerHost } from '../src/queue';
import { startTestApp, type TestApp } from './support/app';
import { createTestDatabase, type TestDatabase } from './support/database';
import { startFreezingProxy, type FreezingProxy } from './support/freezing-proxy';
import { connectThroughWidget } from './support/sandbox';

jest.setTimeout(60_000);

describe('R7: Postgres that answers nothing', () => {
  let database: TestDatabase;
  let proxy: FreezingProxy;
  let service: TestApp;
  beforeAll(async () => {
    database = await createTestDatabase();
    proxy = await startFreezingProxy(database.url);
    service = await startTestApp({ DATABASE_URL: proxy.url, WORKERS_ENABLED: 'true' });
  });
  afterAll(async () => {
    await service.close();
    await proxy.close();
    await database.drop();
  });

  const ready = (): Promise<{ status: number; body: { checks?: Record<string, unknown> } }> =>
    service.api('GET', '/health/ready');
  const newSession = (
    referenceId: string,
  ): ReturnType<typeof service.api<{ widgetUrl: string; connectUrl: string }>> =>
    service.api('POST', '/v1/connect-sessions', { body: { referenceId } });
  const connectionsOf = async (referenceId: string): Promise<unknown[]> => {
    const { status, body } = await service.api<{ items: unknown[] }>(
      'GET',
      `/v1/connections?referenceId=${referenceId}`,
    );
    return status === 200 ? body.items : [];
  };

  const until = async (holds: () => Promise<boolean>, withinMs: number): Promise<void> => {
    const deadline = Date.now() + withinMs;
    while (Date.now() < deadline && !(await holds())) await sleep(100);
  };

  it('does not stop the workers: they go on within 20 s when the open connections fall silent', async () => {
    const { body: session } = await newSession('before');
    proxy.freezeOpenConnections();
    await connectThroughWidget(session.widgetUrl, { provider: 'GARMIN' });
    await until(async () => (await connectionsOf('before')).length > 0, 20_000);
    expect(await connectionsOf('before')).toMatchObject([{ provider: 'GARMIN', status: 'active' }]);
  });

  it('leads to 503 with Retry-After everywhere and to a ready check within 3 s, until it answers again', async () => {
    const { body: session } = await newSession('silent');
    proxy.freezeEverything();
    const startedAt = Date.now();
    const answers = await Promise.all([
      ready(),
      newSession('other'),
      service.api('GET', '/v1/connections'),
      service.api('GET', new URL(session.connectUrl).pathname, { key: null }),
      ready().then((answer) => ({ ...answer, tookMs: Date.now() - startedAt })),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([503, 503, 503, 503, 503]);
    expect(answers[0].body).toMatchObject({ checks: { database: { status: 'down' } } });
    expect((answers[4] as { tookMs: number }).tookMs).toBeLessThan(3_000);
    proxy.thaw();
    await until(async () => (await ready()).status === 200, 20_000);
    expect((await newSession('after')).status).toBe(201);
  });

  it('is told from a hanging worker, which the ready check names', async () => {
    const host = service.app.get(WorkerHost, { strict: false });
    host.register({
      name: 'hanging',
      idleMs: 1_000,
      run: (signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve(false))),
    });
    host.onApplicationBootstrap();
    expect((await ready()).status).toBe(200);
    const later = performance.now() + 121_000;
    const clock = jest.spyOn(performance, 'now').mockReturnValue(later);
    const { status, body } = await ready();
    clock.mockRestore();
    expect(status).toBe(503);
    expect(body.checks).toMatchObject({
      database: { status: 'up' },
      workers: { status: 'down', stalled: expect.arrayContaining(['hanging']) as unknown },
    });
  });
});

describe('R7: the first connection that turns out to be dead', () => {
  it('makes the pool replace all others at once, instead of one after the other', async () => {
    const database = await createTestDatabase();
    const proxy = await startFreezingProxy(database.url);
    const dataSource = new DataSource(dataSourceOptions({ ...DATABASE_DEFAULTS, url: proxy.url }, []));
    await dataSource.initialize();
    const sixTimes = (sql: string, timeoutMs: number): Promise<unknown[]> =>
      Promise.all(Array.from({ length: 6 }, () => runSql(dataSource, sql, [], { timeoutMs })));
    await sixTimes('SELECT pg_sleep(0.2)', 5_000);

    proxy.freezeOpenConnections();
    await expect(runSql(dataSource, 'SELECT 1', [], { timeoutMs: 300 })).rejects.toThrow('did not answer');
    // The check of the others takes a second.
    await sleep(2_000);
    expect(await sixTimes('SELECT 1', 2_000)).toHaveLength(6);
    await dataSource.destroy();
    await proxy.close();
    await database.drop();
  });
});

describe('A pool whose connections are all in use', () => {
  it('gives a caller 503 with Retry-After after a bounded wait', async () => {
    const service = await startTestApp({ DATABASE_POOL_SIZE: '2', DATABASE_CONNECT_TIMEOUT_MS: '500' });
    const dataSource = service.app.get(DataSource);
    let hasEnded = false;
    const statements = [1, 2].map(() =>
      dataSource.query('SELECT pg_sleep(5)').then(() => {
        hasEnded = true;
      }),
    );
    const answer = await service.api('GET', '/v1/connections');
    expect(hasEnded).toBe(false);
    expect(answer).toMatchObject({ status: 503, body: { code: 'database.unavailable' } });
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    await Promise.all(statements);
    await service.close();
  });
});

describe('A transaction whose statements are all short', () => {
  it('ends after a minute, and its connection with it', async () => {
    const service = await startTestApp();
    const dataSource = service.app.get(DataSource);
    const wait = setTimeout;
    const minute = jest
      .spyOn(global, 'setTimeout')
      .mockImplementation(((call: () => void, ms: number) => wait(call, ms === 60_000 ? 300 : ms)) as never);
    const endless = inTransaction(dataSource, async (manager) => {
      for (;;) await runSql(manager, 'SELECT pg_sleep(0.05)');
    });
    await expect(endless).rejects.toThrow('A transaction took longer than 60 s');
    minute.mockRestore();
    // Postgres notices the closed connection when the statement of that moment ends.
    const running = (): Promise<unknown[]> =>
      service.query(
        `SELECT query FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%pg_sleep%'
          AND state <> 'idle' AND pid <> pg_backend_pid()`,
      );
    for (let tries = 0; tries < 50 && (await running()).length > 0; tries += 1) await sleep(100);
    expect(await running()).toEqual([]);
    await service.close();
  });
});
