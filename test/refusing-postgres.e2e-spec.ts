import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { WebhookInboxWorker } from '../src/webhooks';
import { CrashingPostgres } from './stage/crashing-postgres';
import { migrate } from './stage/service-process';
import { startTestApp, type TestApp } from './support/app';
import { startSession } from './support/flow';
import { connectThroughWidget } from './support/sandbox';

jest.setTimeout(90_000);

const UNAVAILABLE = { status: 503, body: { code: 'database.unavailable' } };

async function expectUnavailable(service: TestApp): Promise<void> {
  const answer = await service.api('POST', '/v1/connect-sessions', { body: { referenceId: 'person' } });
  expect(answer).toMatchObject(UNAVAILABLE);
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
}

describe('R7: a Postgres that answers "not now"', () => {
  let service: TestApp;
  beforeAll(async () => {
    service = await startTestApp();
    // Makes every statement that writes to a table fail with the SQLSTATE in public.fault.
    await service.query(`CREATE TABLE public.fault (state text)`);
    await service.query(`CREATE FUNCTION public.fail() RETURNS trigger LANGUAGE plpgsql AS $$
      DECLARE wanted text := (SELECT state FROM public.fault); BEGIN
        IF wanted IS NOT NULL THEN RAISE EXCEPTION 'not now' USING ERRCODE = wanted; END IF; RETURN NULL; END $$`);
    for (const table of ['connect_sessions', 'connection_facts'])
      await service.query(
        `CREATE TRIGGER fails AFTER INSERT ON terra_connect.${table} EXECUTE FUNCTION public.fail()`,
      );
  });
  afterAll(() => service.close());
  const failWith = (state: string): Promise<unknown> =>
    service.query('INSERT INTO public.fault VALUES ($1)', [state]);
  const recover = (): Promise<unknown> => service.query('DELETE FROM public.fault');

  it.each(['53100', '53200', '53400', '57P03', '58030'])(
    'answers 503 with Retry-After to %s',
    async (state) => {
      await failWith(state);
      try {
        await expectUnavailable(service);
      } finally {
        await recover();
      }
    },
  );

  it('is not ready while its disk is full', async () => {
    await failWith('53100');
    await expectUnavailable(service);
    await recover();
    const ready = await service.api('GET', '/health/ready');
    expect(ready).toMatchObject({ status: 503, body: { checks: { database: { status: 'down' } } } });
  });

  it('counts no failure against the events that it cannot process now', async () => {
    const session = await startSession(service);
    await fetch(await connectThroughWidget(session.widgetUrl, { provider: 'GARMIN' }), {
      redirect: 'manual',
    });
    await service.sandbox.idle();
    await failWith('53100');
    const inbox = service.app.get(WebhookInboxWorker, { strict: false });
    await expect(inbox.runOnce()).rejects.toThrow('not now');
    const events = await service.query(
      `SELECT DISTINCT status, attempts FROM terra_connect.webhook_events WHERE status <> 'done'`,
    );
    expect(events).toEqual([{ status: 'pending', attempts: 0 }]);
    await recover();
    await service.drainWebhooks();
    const { body } = await service.api<{ items: unknown[] }>(
      'GET',
      `/v1/connections?referenceId=${session.referenceId}`,
    );
    expect(body.items).toMatchObject([{ status: 'active' }]);
  });
});

describe('R7: a fail-over to a standby that is read-only until its promotion', () => {
  let dataDir: string;
  let postgres: CrashingPostgres;
  let databaseUrl: string;
  let service: TestApp;
  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'standby-'));
    postgres = await CrashingPostgres.start({ dataDir, durable: false });
    databaseUrl = await postgres.database('service');
    await migrate(databaseUrl, join(dataDir, 'migration.log'));
    service = await startTestApp({ DATABASE_URL: databaseUrl });
  });
  afterAll(async () => {
    await service.close();
    await postgres.close();
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('is 503 with Retry-After and not ready, and then the service goes on', async () => {
    await postgres.stop();
    writeFileSync(join(dataDir, 'cluster', 'standby.signal'), '', { mode: 0o644 });
    await postgres.restart();

    await expectUnavailable(service);
    const ready = await service.api<{ checks: { database: { advice: string } } }>('GET', '/health/ready');
    expect(ready.status).toBe(503);
    expect(ready.body.checks.database.advice).toMatch(/25006|read-only/);
    expect((await service.api('GET', '/v1/connections')).status).toBe(200);

    const client = new Client({ connectionString: databaseUrl });
    await client.connect();
    await client.query('SELECT pg_promote()');
    await client.end();
    expect(
      (await service.api('POST', '/v1/connect-sessions', { body: { referenceId: 'person' } })).status,
    ).toBe(201);
  });
});
