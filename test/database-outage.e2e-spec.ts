import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../local/embedded-postgres';
import { createDataSource } from '../src/database';
import { startTestApp, type TestApp } from './support/app';
import { connectThroughWidget } from './support/sandbox';

describe('when Postgres goes away in mid-run (R7)', () => {
  let dataDir: string;
  let postgres: EmbeddedPostgres;
  let service: TestApp;

  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'outage-'));
    postgres = await startEmbeddedPostgres({ dataDir, durable: false });
    await postgres.ensureDatabase('service');
    const migrations = await createDataSource(postgres.url('service')).initialize();
    await migrations.runMigrations();
    await migrations.destroy();
    service = await startTestApp({ DATABASE_URL: postgres.url('service') });
  });

  afterAll(async () => {
    await service.close();
    await postgres.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('says 503 with Retry-After instead of a false 2xx, and goes on when Postgres is back', async () => {
    const { body: session } = await service.api<{ id: string; widgetUrl: string; connectUrl: string }>(
      'POST',
      '/v1/connect-sessions',
      { body: { referenceId: 'person' } },
    );
    const { port } = postgres;
    await postgres.stop();

    const landing = await connectThroughWidget(session.widgetUrl, { provider: 'GARMIN' });
    const answers = {
      sessions: await service.api('POST', '/v1/connect-sessions', { body: { referenceId: 'other' } }),
      connections: await service.api('GET', '/v1/connections'),
      ready: await service.api('GET', '/health/ready'),
    };
    for (const { status, headers } of Object.values(answers)) {
      expect(status).toBe(503);
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    }
    expect(answers.connections.body).toMatchObject({ code: 'database.unavailable' });
    expect((await service.api('GET', '/health/live')).status).toBe(200);
    expect((await service.api('GET', '/metrics')).status).toBe(200);

    const page = await fetch(landing, { redirect: 'manual' });
    expect(page.status).toBe(503);
    expect(await page.text()).toContain('Something went wrong');
    const statuses = service.sandbox.deliveries.flatMap(({ attempts }) =>
      attempts.map(({ status }) => status),
    );
    expect(statuses.length).toBeGreaterThan(0);
    expect(new Set(statuses)).toEqual(new Set([503]));

    postgres = await startEmbeddedPostgres({ dataDir, port, durable: false });
    await service.drainWebhooks();
    const connections = await service.api<{ items: unknown[] }>('GET', '/v1/connections?referenceId=person');
    expect(connections.body.items).toMatchObject([{ provider: 'GARMIN', status: 'active' }]);
    // The nonce was not spent by the visit that failed.
    const again = await fetch(landing, { redirect: 'manual' });
    expect(again.headers.get('location')).toContain('status=connected');
  });
});
