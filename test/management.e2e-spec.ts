import { freePort, startTestApp, type TestApp } from './support/app';
import { whileLocked } from './support/database';
import { sendRaw } from './support/raw-http';

const FOR_OPERATORS = [
  '/metrics',
  '/health/live',
  '/health/ready',
  '/docs',
  '/docs-json',
  '/openapi.json',
  '/asyncapi.json',
];
const FOR_CALLERS = [
  ['GET', '/v1/connections'],
  ['GET', '/connect/unknown'],
  ['POST', '/webhooks/terra'],
] as const;

describe('T-21: MANAGEMENT_PORT', () => {
  let service: TestApp;
  let management: string;
  beforeAll(async () => {
    const port = await freePort();
    management = `http://127.0.0.1:${port}`;
    service = await startTestApp({ MANAGEMENT_PORT: String(port) });
  });
  afterAll(() => service.close());

  it.each(FOR_OPERATORS.filter((path) => path !== '/docs-json'))(
    'moves %s to this port, and the main port answers as for a route that does not exist',
    async (path) => {
      expect((await sendRaw(management, path)).status).toBeLessThan(400);
      const hidden = await sendRaw(service.url, path);
      expect(hidden).toMatchObject({ status: 404, json: { code: 'route.not_found' } });
      expect(hidden.headers['x-request-id']).toBeDefined();
      const unknown = await sendRaw(service.url, '/unknown');
      expect({ ...hidden.json }).toEqual(unknown.json);
    },
  );

  it.each([
    '/%6Detrics',
    '/metrics/',
    '/metrics?x=1',
    '//metrics',
    '/docs/index.html',
    '/docs-yaml',
    '/docs-json',
  ])('leaves no other way to them on the main port: %s', async (path) => {
    expect((await sendRaw(service.url, path)).status).toBe(404);
  });

  it.each(FOR_CALLERS)('does not serve %s %s', async (method, path) => {
    const answer = await sendRaw(management, path, { method });
    expect(answer).toMatchObject({ status: 404, json: { code: 'route.not_found' } });
    expect((await sendRaw(service.url, path, { method })).json).not.toMatchObject({
      code: 'route.not_found',
    });
  });

  it('serves the files of the API docs', async () => {
    const page = await sendRaw(management, '/docs/');
    expect(page.text).toContain('swagger-ui');
    expect((await sendRaw(management, '/docs/swagger-ui.css')).status).toBe(200);
  });
});

describe('T-21: scrapes of /metrics', () => {
  let service: TestApp;
  beforeAll(async () => (service = await startTestApp()));
  afterAll(() => service.close());

  it('by 32 strangers get an answer while Postgres is silent, and cost one query at a time', async () => {
    const scrape = () => sendRaw(service.url, '/metrics');
    await whileLocked(service.databaseUrl, 'webhook_events', async () => {
      const startedAt = Date.now();
      const answers = await Promise.all(Array.from({ length: 32 }, scrape));
      // Postgres itself would end the statement after ten seconds.
      expect(Date.now() - startedAt).toBeLessThan(8_000);
      for (const { status, text } of answers) {
        expect(status).toBe(200);
        expect(text).toContain('terra_connect_webhook_deliveries_total');
      }
      const waiting = await service.query(
        `SELECT query FROM pg_stat_activity
          WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      );
      expect(waiting).toHaveLength(1);
    });
  });
});
