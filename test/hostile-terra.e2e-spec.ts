import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startTestApp, type TestApp } from './support/app';
import { newReference } from './support/flow';
import { TEST_CREDENTIALS } from './support/sandbox';

/** A server replaces Terra and gives the answer that a test sets. */
describe('An answer of Terra is never trusted', () => {
  let terra: Server;
  let answer: { status: number; body: unknown };
  let echo: ((headers: IncomingHttpHeaders) => unknown) | null = null;
  let service: TestApp;

  beforeAll(async () => {
    terra = createServer((request, response) => {
      request.resume();
      response
        .writeHead(answer.status, { 'content-type': 'application/json' })
        .end(JSON.stringify(echo ? echo(request.headers) : answer.body));
    });
    await new Promise<void>((resolve) => terra.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(terra.address() as AddressInfo).port}`;
    service = await startTestApp({ TERRA_WIDGET_URL: `${url}/widget`, TERRA_API_URL: url });
  });
  afterAll(async () => {
    await service.close();
    await new Promise((resolve) => terra.close(resolve));
  });

  const session = (extra: object): { status: number; body: object } => ({
    status: 201,
    body: {
      status: 'success',
      session_id: 's',
      url: 'https://widget.example.com/s',
      expires_in: 600,
      ...extra,
    },
  });
  const create = () =>
    service.api<{ connectUrl: string; expiresAt: string; createdAt: string; warnings: string[] }>(
      'POST',
      '/v1/connect-sessions',
      { body: { referenceId: newReference() } },
    );

  it.each([1e300, -5, 0, '600', null])(
    'the documented lifetime replaces a lifetime of %p',
    async (expires_in) => {
      answer = session({ expires_in });
      const { status, body } = await create();
      expect(status).toBe(201);
      expect(Date.parse(body.expiresAt) - Date.parse(body.createdAt)).toBeGreaterThan(86_000_000);
    },
  );

  it.each([1e300, -5, 0, '180', null])('so it does for an SDK token of %p', async (expires_in) => {
    answer = { status: 200, body: { status: 'success', token: 'sdk-token', expires_in } };
    const { status, body } = await service.api<{ expiresAt: string }>(
      'POST',
      '/v1/end-users/person/sdk-tokens',
    );
    expect(status).toBe(201);
    expect(Math.abs(Date.parse(body.expiresAt) - Date.now() - 180_000)).toBeLessThan(60_000);
  });

  it('unusable warnings are dropped, long ones are cut, and at most 20 are kept', async () => {
    answer = session({
      warnings: ['fine', 'nul\u0000', 7, 'x'.repeat(9_000), ...Array<string>(50).fill('more')],
    });
    const { status, body } = await create();
    expect(status).toBe(201);
    expect(body.warnings).toHaveLength(20);
    expect(body.warnings.slice(0, 2)).toEqual(['fine', 'x'.repeat(500)]);
  });

  it.each(['javascript:alert(1)', '//evil.example.com', 'widget', '', null, { url: 1 }])(
    'a widget URL of %j is rejected as malformed',
    async (url) => {
      answer = session({ url });
      expect(await create()).toMatchObject({ status: 502, body: { code: 'terra.malformed_answer' } });
    },
  );

  it.each([
    'https://widget.example.com/sitzung/ä',
    'https://widget.example.com/a\nb',
    'https://widget.example.com/\u{1f600}',
  ])('the widget URL %j is encoded for the Location header', async (url) => {
    answer = session({ url });
    const { body } = await create();
    const opened = await fetch(body.connectUrl, { redirect: 'manual' });
    expect(opened.status).toBe(302);
    expect(opened.headers.get('location')).toBe(new URL(url).href);
  });

  it.each<[string, (text: string) => string]>([
    ['as they are', (text) => text],
    ['as JSON', (text) => JSON.stringify({ text })],
    ['encoded for a URL', encodeURIComponent],
    ['in base64', (text) => Buffer.from(`gateway:${text}`).toString('base64')],
    ['after so much text that the log cuts them', (text) => `${'.'.repeat(270)}${text}`],
  ])('T-19: a gateway that returns our headers puts no key into the log: %s', async (_case, encode) => {
    const { apiKey } = TEST_CREDENTIALS;
    const logged = service.log.length;
    for (const member of ['message', 'detail', 'title', 'code']) {
      for (const status of [400, 403, 404, 500]) {
        answer = { status, body: null };
        echo = (headers) => ({ [member]: encode(String(headers['x-api-key'])) });
        await create();
        await service.api('POST', '/v1/end-users/person/sdk-tokens');
      }
    }
    echo = null;
    const lines = service.log.slice(logged).join('');
    expect(lines).toContain('terra.request_failed');
    // Not even a part of the key: its first twelve characters, or twelve of its base64.
    const inBase64 = Buffer.from(`gateway:${apiKey}`).toString('base64');
    for (const part of [
      apiKey.slice(0, 12),
      apiKey.slice(-12),
      inBase64.slice(12, 24),
      inBase64.slice(-16, -4),
    ])
      expect(lines).not.toContain(part);
  });

  it.each([404, 410])('a %d from an endpoint is reported as a missing endpoint of Terra', async (status) => {
    answer = { status, body: { title: 'not here' } };
    const missing = { status: 502, body: { code: 'terra.endpoint_missing' } };
    expect(await service.api('GET', '/v1/providers')).toMatchObject(missing);
    expect(await service.api('POST', '/v1/end-users/person/sdk-tokens')).toMatchObject(missing);
  });
});
