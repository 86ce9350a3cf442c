import type { Sandbox } from '../../sandbox';
import { callApi } from '../support/app';
import { createTestDatabase, type TestDatabase } from '../support/database';
import type { ConnectionAnswer } from '../support/flow';
import { connectThroughWidget, startTestSandbox } from '../support/sandbox';
import { Installation, type HostName } from './support/installation';
import { RunningHost, runCommand, type HostSettings, type Platform } from './support/running-host';

const HOSTS = ['nest-11', 'nest-12'] as const;
const INSTALL_TIMEOUT_MS = 420_000;

let installations: Record<HostName, Installation>;

beforeAll(async () => {
  installations = await Installation.create(HOSTS);
}, INSTALL_TIMEOUT_MS);
afterAll(() => Object.values(installations ?? {}).forEach((installation) => installation.remove()));

const PLATFORMS: Platform[] = ['fastify', 'express'];
const MATRIX = HOSTS.flatMap((host) => PLATFORMS.map((platform) => [host, platform] as const));

describe.each(MATRIX)('the package in a host on %s with %s', (name, platform) => {
  let sandbox: Sandbox;
  let database: TestDatabase;
  let settings: HostSettings;
  let host: RunningHost;

  const start = async (): Promise<void> => {
    host = await RunningHost.start(settings);
    sandbox.setWebhookUrl(`${host.url}/api/webhooks/terra`);
  };

  beforeAll(async () => {
    sandbox = await startTestSandbox();
    database = await createEmptyDatabase();
    settings = { installation: installations[name], platform, databaseUrl: database.url, sandbox };
    await start();
  });

  afterAll(async () => {
    await host?.stop();
    await sandbox.close();
    await database.drop();
  });

  it('links an account through its own links and pages, and applies the webhook', async () => {
    const { body } = await callApi<{ data: { url: string } }>(host.url, 'POST', '/api/v1/devices/guest-1', {
      key: null,
    });
    expect(body.data.url).toMatch(`${host.url}/api/connect/`);
    const opened = await visit(body.data.url);
    expect(opened.status).toBe(302);
    // The security headers of the host are on our routes, too.
    expect(opened.headers.get('x-dns-prefetch-control')).toBe('off');

    const callbackUrl = await connectThroughWidget(locationOf(opened), { provider: 'GARMIN' });
    const callback = await visit(callbackUrl.href);
    expect(callback.status).toBe(303);
    const page = await visit(locationOf(callback));
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('Garmin is connected');

    await sandbox.idle();
    const answers = sandbox.deliveries.flatMap(({ attempts }) => attempts.map(({ status }) => status));
    expect(new Set(answers)).toEqual(new Set([200]));
    await eventually(async () => {
      const events = await database.query(
        `SELECT status FROM terra_connect.webhook_events WHERE type = 'auth'`,
      );
      expect(events).toEqual([{ status: 'done' }]);
    });
    const devices = await callApi(host.url, 'GET', '/api/v1/devices/guest-1', { key: null });
    expect(devices.body).toEqual({ data: { asked: 1, providers: ['GARMIN'] }, fields: 2 });
    const connections = await callApi<{ data: { items: ConnectionAnswer[] } }>(
      host.url,
      'GET',
      '/api/v1/connections?referenceId=guest-1',
    );
    expect(connections.body.data.items).toMatchObject([{ provider: 'GARMIN', status: 'active' }]);
  });

  it("answers its errors by itself, and leaves the host's routes alone", async () => {
    const page = await visit(`${host.url}/api/connect/unknown`);
    expect(page.status).toBe(404);
    expect(page.headers.get('content-type')).toContain('text/html');
    const problem = await callApi(host.url, 'POST', '/api/webhooks/terra', { body: {}, key: null });
    expect(problem).toMatchObject({ status: 401, body: { code: 'webhook.signature_refused' } });
    const partner = await callApi(host.url, 'POST', '/api/v1/partners/webhooks/terra', {
      body: { a: 1 },
      key: null,
    });
    expect(partner).toMatchObject({ status: 201, body: { data: { a: 1 } } });
  });

  it('keeps its tables when the host starts again with synchronize: true', async () => {
    const before = await readTables(database);
    await host.stop();
    await start();
    expect(await readTables(database)).toEqual(before);
  });
});

describe.each(HOSTS)('the package in a host on %s', (name) => {
  it('uses the copies of the host, and brings no package of our process', () => {
    const installation = installations[name];
    for (const peer of ['@nestjs', 'typeorm', 'pg', 'rxjs', 'reflect-metadata', 'class-validator']) {
      expect([peer, installation.has(`terra-connect/node_modules/${peer}`)]).toEqual([peer, false]);
    }
    expect(installation.has('@nestjs/terminus')).toBe(false);
    expect(installation.has('@nestjs/config')).toBe(false);
  });

  it('installs without Fastify beside a host on Express', async () => {
    const packages = await installations[name].resolveWithout([
      '@nestjs/platform-fastify',
      '@fastify/helmet',
    ]);
    expect(packages).toContain('node_modules/@nestjs/platform-express');
    expect(packages.filter((path) => /fastify/.test(path))).toEqual([]);
    expect(packages.filter((path) => path.endsWith('node_modules/@nestjs/common'))).toHaveLength(1);
  });

  it('stops the start of a host on Express 4, and says what it needs', async () => {
    const sandbox = await startTestSandbox();
    const database = await createEmptyDatabase();
    const settings = { installation: installations[name], databaseUrl: database.url, sandbox };
    try {
      await expect(RunningHost.start({ ...settings, platform: 'express4' })).rejects.toThrow(
        'Use Fastify or Express 5.',
      );
    } finally {
      await sandbox.close();
      await database.drop();
    }
  });

  it('has a command line that migrates a database of its own', async () => {
    const database = await createEmptyDatabase();
    try {
      const result = await runCommand(installations[name], ['migrate'], { DATABASE_URL: database.url });
      expect(result).toMatchObject({ code: 0, output: expect.stringContaining('applied') as unknown });
    } finally {
      await database.drop();
    }
  });
});

/** A database without our tables. */
async function createEmptyDatabase(): Promise<TestDatabase> {
  const database = await createTestDatabase();
  await database.query('DROP SCHEMA terra_connect CASCADE');
  await database.query('DROP TABLE IF EXISTS terra_connect_migrations');
  return database;
}

async function readTables(database: TestDatabase): Promise<unknown> {
  return [
    await database.query(
      `SELECT indexdef FROM pg_indexes WHERE schemaname = 'terra_connect' ORDER BY indexdef`,
    ),
    await database.query(`SELECT id, body FROM terra_connect.webhook_events ORDER BY id`),
  ];
}

const visit = (url: string): Promise<Response> => fetch(url, { redirect: 'manual' });
const locationOf = (response: Response): string => response.headers.get('location') ?? '';

async function eventually(assertion: () => Promise<void>): Promise<void> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    try {
      return await assertion();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
