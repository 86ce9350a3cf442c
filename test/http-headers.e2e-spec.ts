import { ADMIN_KEY, startTestApp, type TestApp } from './support/app';
import { newReference, redirectUrlOf, startSession, visit } from './support/flow';
import { sendBytes, sendRaw, type RawAnswer } from './support/raw-http';
import { postWebhook } from './support/webhooks';

const KEY = { authorization: `Bearer ${ADMIN_KEY}` };
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;

describe('The headers of every answer', () => {
  let service: TestApp;
  beforeAll(async () => (service = await startTestApp()));
  afterAll(() => service.close());

  const get = (path: string, method = 'GET'): Promise<RawAnswer> =>
    sendRaw(service.url, path, { method, headers: KEY });

  it('let a popup at /connect keep its opener, and leave HSTS to the proxy', async () => {
    const session = await startSession(service);
    const paths = [
      new URL(session.connectUrl).pathname,
      new URL(redirectUrlOf(service, session.referenceId, 'failure')).pathname,
      `/connect/result?session_id=${session.id}`,
      '/connect/unknown',
      '/v1/connections',
      '/docs',
      '/no-such-route',
    ];
    for (const path of paths) {
      const { headers } = await get(path);
      expect(headers).not.toHaveProperty('cross-origin-opener-policy');
      expect(headers).not.toHaveProperty('strict-transport-security');
      expect(headers['x-content-type-options']).toBe('nosniff');
    }
  });

  it('restrict what a browser does with the answer', async () => {
    for (const path of ['/v1/connections', '/docs', '/no-such-route']) {
      expect((await get(path)).headers).toMatchObject({
        'content-security-policy':
          "default-src 'self';style-src 'self' 'unsafe-inline';img-src 'self' data:;base-uri 'none';form-action 'none';frame-ancestors 'none';object-src 'none'",
        'cross-origin-resource-policy': 'same-origin',
        'origin-agent-cluster': '?1',
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
        'x-dns-prefetch-control': 'off',
        'x-download-options': 'noopen',
        'x-frame-options': 'SAMEORIGIN',
        'x-permitted-cross-domain-policies': 'none',
        'x-xss-protection': '0',
      });
    }
  });

  it('forbid caches to store whatever holds a link, a token or a person, also in a problem or a redirect', async () => {
    const referenceId = newReference();
    const session = await startSession(service, { referenceId });
    const answers = [
      await get(`/v1/connect-sessions/${session.id}`),
      await get(`/v1/connections?referenceId=${referenceId}`),
      await get(`/v1/end-users/${referenceId}/sdk-tokens`, 'POST'),
      await get(`/v1/end-users/${referenceId}/export`),
      await get(`/v1/end-users/${referenceId}/diagnosis`),
      await get('/v1/webhook-events'),
      await get('/v1/providers'),
      await get(`/v1/connect-sessions/${session.id}`, 'HEAD'),
      await get(new URL(session.connectUrl).pathname),
      await get(new URL(redirectUrlOf(service, referenceId, 'failure')).pathname),
      await get(`/connect/result?session_id=${session.id}`),
      await get('/connect/unknown'),
      await get('/v1/connections?limit=0'),
      await get('/no-such-route'),
      await get('/v1/connections/%zz'),
      await sendRaw(service.url, '/v1/connections'),
      await sendBytes(service.url, 'nonsense\r\n\r\n'),
    ];
    expect(answers.map(({ headers }) => headers['cache-control'])).toEqual(answers.map(() => 'no-store'));
  });

  describe('X-Request-Id', () => {
    it.each<[string, number, () => Promise<RawAnswer>]>([
      ['success', 200, () => get('/v1/connections')],
      ['a problem', 422, () => get('/v1/connections?limit=0')],
      ['an unknown route', 404, () => get('/no-such-route')],
      ['a page', 404, () => get('/connect/unknown')],
      ['an unsigned webhook', 401, () => postWebhook(service, {}, { signature: null })],
      ['a URL that cannot be decoded', 400, () => get('/v1/connections/%zz')],
      ['an unknown expectation', 200, () => expecting('something')],
      ['bytes that are not HTTP', 400, () => sendBytes(service.url, 'nonsense\r\n\r\n')],
      [
        'a request without Host',
        400,
        () => sendBytes(service.url, 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n'),
      ],
      ['headers that are too large', 431, () => sendBytes(service.url, oversized())],
    ])('is on the answer to %s', async (_case, status, send) => {
      const answer = await send();
      expect(answer.status).toBe(status);
      expect(answer.headers['x-request-id']).toMatch(UUID);
      if (status < 400 || answer.headers['content-type']?.includes('html')) return;
      expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
      expect(answer.json).toMatchObject({ status, code: expect.any(String) as unknown });
    });

    it("is the caller's own also when the framework answers, and never the text of a stranger", async () => {
      const send = (id: string): Promise<RawAnswer> =>
        sendRaw(service.url, '/v1/connections/%zz', { headers: { 'x-request-id': id } });
      expect((await send('my-request-1')).headers['x-request-id']).toBe('my-request-1');
      expect((await send('<script>alert(1)</script>')).headers['x-request-id']).toMatch(UUID);
    });

    it('of bytes that are not HTTP is in the log', async () => {
      const { headers } = await sendBytes(service.url, 'nonsense\r\n\r\n');
      const line = service.log.find((candidate) => candidate.includes(String(headers['x-request-id'])));
      expect(line).toContain('http.client_error');
    });
  });

  const expecting = (expect: string): Promise<RawAnswer> =>
    sendRaw(service.url, '/v1/connections', { headers: { ...KEY, expect } });
  const oversized = (): string => `GET / HTTP/1.1\r\nHost: x\r\nX-Filler: ${'x'.repeat(20_000)}\r\n\r\n`;

  it('are missing in no redirect: the browser gets one with a Location', async () => {
    const session = await startSession(service);
    const answer = await visit(session.connectUrl);
    expect(answer.headers.get('location')).toBe(session.widgetUrl);
    expect(answer.headers.get('x-request-id')).toMatch(UUID);
  });
});
