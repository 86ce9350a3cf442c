import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { STAGE_API_KEY, STAGE_CREDENTIALS, ServiceProcess } from '../stage/service-process';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { readDocument, snippetsIn } from '../support/documents';
import { sendRaw } from '../support/raw-http';
import { postWebhook } from '../support/webhooks';
import { startNginx, type Nginx } from './support/nginx';

const MEGABYTE = 1024 * 1024;

/** The configuration of docs/operations.md, with the service's port, and without TLS. */
function documentedProxyTo(servicePort: string): (port: number) => string {
  const block = snippetsIn('docs/operations.md', readDocument('docs/operations.md')).find(
    ({ language }) => language === 'nginx',
  );
  return (port) =>
    block!.text
      .replaceAll('10.0.0.11:3000', `127.0.0.1:${servicePort}`)
      .replace(/^ *server 10\.0\.0\.12.*\n/m, '')
      .replace('listen 443 ssl', `listen 127.0.0.1:${port}`)
      .replace(/^ *ssl_.*\n/gm, '');
}

describe('The nginx configuration of docs/operations.md', () => {
  let database: TestDatabase;
  let service: ServiceProcess;
  let nginx: Nginx;
  const folder = mkdtempSync(join(tmpdir(), 'documented-nginx-'));

  beforeAll(async () => {
    database = await createTestDatabase();
    service = await ServiceProcess.start({
      databaseUrl: database.url,
      logFile: join(folder, 'service.log'),
      environment: { TRUSTED_PROXIES: 'loopback' },
    });
    nginx = await startNginx(documentedProxyTo(new URL(service.url).port));
  });
  afterAll(async () => {
    await nginx?.stop();
    await service?.program.kill();
    await database?.drop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('lets the largest webhook through, byte for byte', async () => {
    const event = { type: 'athlete', status: 'success', user: null, filler: '' };
    event.filler = 'ü'.repeat((15 * MEGABYTE - JSON.stringify(event).length) / 2);
    const answer = await postWebhook(nginx, event, { secret: STAGE_CREDENTIALS.signingSecret });
    expect(answer.status).toBe(200);
  });

  it("lets through the headers that the README names, and the service's own", async () => {
    const occurredAt = new Date(Date.now() - 60_000);
    const event = { type: 'auth', user: { user_id: 'terra-1', provider: 'GARMIN', reference_id: 'user-1' } };
    const accepted = await postWebhook(nginx, event, {
      secret: STAGE_CREDENTIALS.signingSecret,
      signatureName: 'Terra-Signature',
      traceId: 'trace-1',
      occurredAt,
      headers: { 'Terra-Reference': 'reference-1' },
    });
    expect(accepted.status).toBe(200);
    const [stored] = await database.query<Record<string, unknown>>(
      `SELECT trace_id, terra_reference, occurred_at FROM terra_connect.webhook_events WHERE trace_id = 'trace-1'`,
    );
    expect(stored).toEqual({
      trace_id: 'trace-1',
      terra_reference: 'reference-1',
      occurred_at: occurredAt,
    });

    const authorization = `Bearer ${STAGE_API_KEY}`;
    const listed = await sendRaw(nginx.url, '/v1/connections', {
      headers: { authorization, 'x-request-id': 'request-1' },
    });
    expect(listed).toMatchObject({ status: 200, headers: { 'x-request-id': 'request-1' } });
  });

  it.each(['/metrics', '/health/ready', '/docs', '/openapi.json'])('hides %s', async (path) => {
    expect((await sendRaw(nginx.url, path, {})).status).toBe(404);
  });
});
