import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { ADMIN_KEY, startTestApp, type TestApp } from './support/app';
import { connectionsOf, newReference, redirectUrlOf, startSession, stateOf, visit } from './support/flow';
import { sendBytes, sendRaw, type RawAnswer } from './support/raw-http';
import { rawRefusal } from './support/refusals';
import { connectThroughWidget } from './support/sandbox';
import { postWebhook, signatureHeader } from './support/webhooks';

const UNKNOWN_ID = '01980c0e-7b1a-7c3e-9d55-0f2b6f1c9a10';
const KEY = { authorization: `Bearer ${ADMIN_KEY}` };
const JSON_TYPE = { 'content-type': 'application/json' };
const MALFORMED = { status: 400, code: 'request.malformed' };
const COMPRESSED = { status: 415, code: 'request.unsupported_content_encoding' };

const authOf = (referenceId: string) => ({
  type: 'auth',
  status: 'success',
  user: { user_id: `user-of-${referenceId}`, provider: 'GARMIN', reference_id: referenceId },
});
const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');

describe('The service speaks HTTP as clients and proxies do', () => {
  let service: TestApp;
  beforeAll(async () => (service = await startTestApp()));
  afterAll(() => service.close());

  describe('a request without a body', () => {
    it.each<[string, Record<string, string>]>([
      ['application/json', JSON_TYPE],
      ['application/json and Content-Length: 0', { ...JSON_TYPE, 'content-length': '0' }],
      ['application/json and an empty chunked body', { ...JSON_TYPE, 'transfer-encoding': 'chunked' }],
      ['a form type, as from curl', { 'content-type': 'application/x-www-form-urlencoded' }],
    ])('may have the content type %s', async (_case, headers) => {
      const send = (method: string, path: string): Promise<RawAnswer> =>
        sendRaw(service.url, path, { method, headers: { ...KEY, ...headers } });
      expect(await send('DELETE', `/v1/connections/${UNKNOWN_ID}`)).toMatchObject({
        status: 404,
        json: { code: 'connection.not_found' },
      });
      expect((await send('POST', '/v1/end-users/somebody/sdk-tokens')).status).toBe(201);
      expect((await send('DELETE', `/v1/end-users/${newReference()}`)).status).toBe(202);
    });
  });

  describe('a byte-order mark', () => {
    it('before the JSON of a caller is ignored', async () => {
      const body = `\uFEFF${JSON.stringify({ referenceId: newReference() })}`;
      expect((await service.api('POST', '/v1/connect-sessions', { body })).status).toBe(201);
    });

    it('before a signed event is part of what Terra signed, and is ignored after that', async () => {
      const referenceId = newReference();
      const text = JSON.stringify(authOf(referenceId));
      const signature = signatureHeader(text);
      expect((await postWebhook(service, `\uFEFF${text}`, { signature })).status).toBe(401);
      expect((await postWebhook(service, `\uFEFF${text}`)).status).toBe(200);
      await service.drainWebhooks();
      expect(await connectionsOf(service, referenceId)).toMatchObject([{ referenceId, status: 'active' }]);
    });
  });

  describe('a compressed body', () => {
    const encodings: [string, (text: string) => Buffer][] = [
      ['gzip', gzipSync],
      ['deflate', deflateSync],
      ['br', brotliCompressSync],
      ['zstd', (text) => Buffer.from(text)],
      ['gzip, br', (text) => brotliCompressSync(gzipSync(text))],
    ];

    it.each(encodings)(
      'T-21: in a webhook is rejected and counted, not decoded: %s',
      async (encoding, encode) => {
        const counter = 'terra_connect_webhook_rejections_total{cause="content_encoding"} ';
        const counted = async (): Promise<number> => {
          const { text } = await sendRaw(service.url, '/metrics');
          return Number(text.split(counter)[1]?.split('\n')[0] ?? 0);
        };
        const [state, before] = [await stateOf(service), await counted()];
        const text = JSON.stringify(authOf(newReference()));
        const body = encode(text);
        const headers = { 'content-encoding': encoding };
        for (const signature of [signatureHeader(text), signatureHeader(body)]) {
          const answer = await postWebhook(service, body, { signature, headers });
          expect(answer).toMatchObject({ status: 415, json: COMPRESSED });
        }
        expect(await counted()).toBe(before + 2);
        expect(await stateOf(service)).toEqual(state);
      },
    );

    it('is a reason for 401 and not for 415 when nobody signed it', async () => {
      const headers = { 'content-encoding': 'gzip' };
      const answer = await postWebhook(service, gzipSync('{}'), { signature: null, headers });
      expect(answer.status).toBe(401);
    });

    it.each(encodings)('of a caller is rejected: %s', async (encoding, encode) => {
      const problem = await rawRefusal(service, '/v1/connect-sessions', {
        method: 'POST',
        headers: { ...JSON_TYPE, 'content-encoding': encoding },
        body: encode('{"referenceId":"user-4711"}'),
      });
      expect(problem).toMatchObject(COMPRESSED);
    });

    it('is not what "identity" says', async () => {
      const headers = { 'content-encoding': 'Identity' };
      const body = { referenceId: newReference() };
      expect((await service.api('POST', '/v1/connect-sessions', { body, headers })).status).toBe(201);
      expect((await postWebhook(service, authOf(newReference()), { headers })).status).toBe(200);
    });
  });

  describe('bytes that are not UTF-8', () => {
    it.each(['Zoë', 'Zoé', 'Jürgen'])(
      'in a body are rejected, so that no two end users become one: %s',
      async (name) => {
        const body = latin1(JSON.stringify({ referenceId: name }));
        const request = { method: 'POST', headers: JSON_TYPE, body };
        expect(await rawRefusal(service, '/v1/connect-sessions', request)).toMatchObject({
          ...MALFORMED,
          detail: 'The body is not UTF-8. Send the JSON in UTF-8.',
        });
        const metadata = latin1(`{"referenceId":"user-4711","metadata":{"name":"${name}"}}`);
        const inMetadata = await rawRefusal(service, '/v1/connect-sessions', { ...request, body: metadata });
        expect(inMetadata).toMatchObject(MALFORMED);
      },
    );

    it.each(['%ff', '%eb', 'a%c3%28', '%ed%a0%80', '%c0%af', '%', '%zz', '%u0041'])(
      'in a query are rejected on every route for callers: %s',
      async (value) => {
        const routes = [
          ['GET', '/v1/connections'],
          ['DELETE', '/v1/end-users'],
          ['GET', '/v1/end-users/export'],
          ['GET', '/v1/end-users/diagnosis'],
          ['POST', '/v1/end-users/reconcile'],
          ['POST', '/v1/end-users/sdk-tokens'],
          ['GET', '/v1/webhook-events'],
        ] as const;
        for (const [method, path] of routes) {
          const problem = await rawRefusal(service, `${path}?referenceId=${value}`, { method });
          expect(problem).toMatchObject(MALFORMED);
        }
      },
    );

    it('in a URL are rejected also when they are not percent-encoded', async () => {
      const line = latin1(
        `GET /v1/connections?referenceId=Zo\xeb HTTP/1.1\r\nHost: x\r\nConnection: close\r\n`,
      );
      const request = Buffer.concat([line, Buffer.from(`Authorization: Bearer ${ADMIN_KEY}\r\n\r\n`)]);
      expect(await sendBytes(service.url, request)).toMatchObject({ status: 400, json: MALFORMED });
    });

    it('in a signed event make it a dead letter at once, and connect no end user', async () => {
      await service.drainWebhooks();
      const before = await stateOf(service);
      for (const name of ['Zoë', 'Zoé']) {
        expect((await postWebhook(service, latin1(JSON.stringify(authOf(name))))).status).toBe(200);
      }
      await service.drainWebhooks();
      const rows = await service.query(
        `SELECT status, note FROM terra_connect.webhook_events ORDER BY id DESC LIMIT 2`,
      );
      const deadLetter = {
        status: 'dead_lettered',
        note: 'the body is not a Terra event as JSON in UTF-8',
      };
      expect(rows).toEqual([deadLetter, deadLetter]);
      const { connection_facts, connections } = await stateOf(service);
      expect({ connection_facts, connections }).toEqual({
        connection_facts: before.connection_facts,
        connections: before.connections,
      });
    });
  });

  it('a slash after the webhook URL changes nothing: Terra would disable a destination that gets 404', async () => {
    const referenceId = newReference();
    const body = JSON.stringify(authOf(referenceId));
    const headers = { ...JSON_TYPE, 'x-terra-signature': signatureHeader(body) };
    const answer = await sendRaw(service.url, '/webhooks/terra/', { method: 'POST', headers, body });
    expect(answer.status).toBe(200);
    await service.drainWebhooks();
    expect(await connectionsOf(service, referenceId)).toHaveLength(1);
    const list = await service.api('GET', `/v1/connections/?referenceId=${referenceId}`);
    expect(list).toMatchObject({ status: 200, body: { items: [{ referenceId }] } });
  });

  describe('HEAD', () => {
    it.each(['/health/live', '/health/ready', '/metrics', '/docs', '/openapi.json', '/v1/connections'])(
      'gets the headers of GET and no body: %s',
      async (path) => {
        const [get, head] = await Promise.all(
          ['GET', 'HEAD'].map((method) => sendRaw(service.url, path, { method, headers: KEY })),
        );
        expect(head).toMatchObject({ status: 200, text: '' });
        expect(head?.headers['content-type']).toBe(get?.headers['content-type']);
      },
    );

    it('needs an API key where GET does', async () => {
      expect((await sendRaw(service.url, '/v1/connections', { method: 'HEAD' })).status).toBe(401);
    });

    it('on a page gets the status of the page', async () => {
      const { id } = await startSession(service);
      const page = await visit(`${service.url}/connect/result?session_id=${id}`, { method: 'HEAD' });
      expect(page.status).toBe(200);
      expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect((await visit(`${service.url}/connect/unknown`, { method: 'HEAD' })).status).toBe(404);
    });

    it('T-17: on a callback redirects as GET does, but uses up no nonce and records no outcome', async () => {
      const session = await startSession(service);
      await connectThroughWidget(session.widgetUrl, { provider: 'GARMIN' });
      await service.sandbox.idle();
      const before = await stateOf(service);
      for (const outcome of ['success', 'failure'] as const) {
        const answer = await visit(redirectUrlOf(service, session.referenceId, outcome), { method: 'HEAD' });
        expect(answer.status).toBe(303);
        expect(answer.headers.get('location')).toContain(`session_id=${session.id}&status=pending`);
      }
      expect(await stateOf(service)).toEqual(before);
    });
  });
});
