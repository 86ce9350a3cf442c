import { ADMIN_KEY, startTestApp, type TestApp } from './support/app';
import { startSession } from './support/flow';
import { sendRaw } from './support/raw-http';
import { expectNoEffect, invalidField, rawRefusal, refusal } from './support/refusals';

const UNKNOWN_ID = '01980c0e-7b1a-7c3e-9d55-0f2b6f1c9a10';
const MEGABYTE = 1024 * 1024;

describe('An unreadable request, or a request for an unknown resource, is rejected and changes nothing', () => {
  let service: TestApp;
  beforeAll(async () => (service = await startTestApp()));
  afterAll(() => service.close());

  describe('a body', () => {
    const post = (body: string | Buffer | undefined, contentType = 'application/json') =>
      rawRefusal(service, '/v1/connect-sessions', {
        method: 'POST',
        headers: { 'content-type': contentType },
        body,
      });

    it.each([
      ['truncated JSON', '{"referenceId":"user-4711"'],
      ['JSON followed by more JSON', '{"referenceId":"user-4711"} {}'],
      ['form data', 'referenceId=user-4711'],
      ['bytes that are not text', Buffer.from([0xff, 0xfe, 0x00, 0x7b])],
    ])('is rejected as malformed when it is %s', async (_case, body) => {
      expect(await post(body)).toMatchObject({ status: 400, code: 'request.malformed' });
    });

    it('is missing when it is empty: the problem names the required field', async () => {
      expect(await post('')).toMatchObject(invalidField('referenceId'));
    });

    it.each(['[]', '[{"referenceId":"user-4711"}]', '"user-4711"', 'null', '4711', 'true', '{}'])(
      'is rejected when its JSON is not an object with a reference id: %s',
      async (body) => {
        expect(await post(body)).toMatchObject({ status: 422, code: 'request.invalid' });
      },
    );

    it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', 'application/xml'])(
      'is rejected with the content type %s',
      async (contentType) => {
        for (const body of ['{"referenceId":"user-4711"}', 'referenceId=user-4711']) {
          const problem = await post(body, contentType);
          expect(problem).toMatchObject({ status: 415, code: 'request.unsupported_media_type' });
        }
      },
    );

    it('of 20 MB is rejected before it is read, with and without a Content-Length header', async () => {
      const body = `{"referenceId":"user-4711","metadata":{"a":"${'x'.repeat(20 * MEGABYTE)}"}}`;
      expect(await post(body)).toMatchObject({ status: 413, code: 'request.too_large' });
      const chunked = await rawRefusal(service, '/v1/connect-sessions', {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'transfer-encoding': 'chunked' },
        body,
      });
      expect(chunked).toMatchObject({ status: 413, code: 'request.too_large' });
    });

    it('of 20 MB is rejected before the API key is checked', async () => {
      const answer = await expectNoEffect(service, () =>
        sendRaw(service.url, '/v1/connect-sessions', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: 'x'.repeat(20 * MEGABYTE),
        }),
      );
      expect(answer.status).toBe(413);
    });
  });

  describe('a list', () => {
    it.each(['0', '201', '-1', '1.5', '1e2', 'ten', '', '0x10', '9'.repeat(30), '1&limit=2'])(
      'rejects limit=%s',
      async (limit) => {
        const problem = await refusal(service, 'GET', `/v1/connections?limit=${limit}`);
        expect(problem).toMatchObject(invalidField('limit'));
      },
    );

    it.each(['', 'x', 'null', '%00', 'AAAA', 'a'.repeat(5_000), `${UNKNOWN_ID}`, `' OR 1=1`, 'a&cursor=b'])(
      'rejects the cursor %p',
      async (cursor) => {
        const problem = await refusal(service, 'GET', `/v1/connections?cursor=${cursor}`);
        expect(problem).toMatchObject(invalidField('cursor'));
      },
    );

    it.each([
      ['status', 'gone'],
      ['status', 'active&status=error'],
      ['provider', 'GAR MIN'],
      ['provider', 'GARMIN&provider=OURA'],
      ['terraUserId', ''],
      ['terraUserId', '%00'],
      ['terraUserId', 'x'.repeat(201)],
      ['referenceId', 'a&referenceId=b'],
      ['reference_id', 'user-4711'],
      ['referenceId[]', 'user-4711'],
      ['referenceId[$ne]', 'user-4711'],
    ])('rejects the filter %s=%s', async (field, value) => {
      const problem = await refusal(service, 'GET', `/v1/connections?${field}=${value}`);
      expect(problem).toMatchObject(invalidField(field));
    });
  });

  describe('a path', () => {
    it.each([
      '1',
      'null',
      `${UNKNOWN_ID}x`,
      `${UNKNOWN_ID}%00`,
      '%00',
      '..%2f..%2fmetrics',
      'x'.repeat(300),
      UNKNOWN_ID,
    ])('with the id %p finds no session and no connection', async (id) => {
      const session = { status: 404, code: 'session.not_found' };
      const connection = { status: 404, code: 'connection.not_found' };
      expect(await refusal(service, 'GET', `/v1/connect-sessions/${id}`)).toMatchObject(session);
      expect(await refusal(service, 'GET', `/v1/connections/${id}`)).toMatchObject(connection);
      expect(await refusal(service, 'DELETE', `/v1/connections/${id}`)).toMatchObject(connection);
    });

    it('of a connection with the id of a session finds nothing', async () => {
      const { id } = await startSession(service);
      expect(await refusal(service, 'GET', `/v1/connections/${id}`)).toMatchObject({ status: 404 });
    });

    it.each([
      ['POST', '/'],
      ['GET', '/v1'],
      ['GET', '/v2/connections'],
      ['GET', '/v1//connections'],
      ['GET', '/V1/connections'],
      ['GET', '/.env'],
      ['PUT', '/v1/connect-sessions'],
      ['PUT', '/v1/connections'],
      ['PATCH', `/v1/connections/${UNKNOWN_ID}`],
      ['DELETE', `/v1/connect-sessions/${UNKNOWN_ID}`],
      ['GET', '/webhooks/terra'],
      ['POST', '/webhooks//terra'],
      ['PUT', '/connect/x'],
      ['OPTIONS', '/v1/connections'],
      ['TRACE', '/v1/connections'],
    ])('without a route is not found: %s %s', async (method, path) => {
      const problem = await rawRefusal(service, path, { method });
      expect(problem).toMatchObject({ status: 404, code: 'route.not_found' });
    });

    it.each(['/v1/connections/%', '/v1/connections/%zz', '/v1/end-users/%c3%28/sdk-tokens', '/connect/%ff'])(
      'that cannot be decoded is rejected: %s',
      async (path) => {
        const problem = await rawRefusal(service, path);
        expect(problem).toMatchObject({ status: 400, code: 'request.malformed' });
      },
    );

    it('that is longer than any valid path is rejected', async () => {
      const path = `/v1/end-users/${'x'.repeat(12_000)}/sdk-tokens`;
      const answer = await expectNoEffect(service, () =>
        sendRaw(service.url, path, { method: 'POST', headers: { authorization: `Bearer ${ADMIN_KEY}` } }),
      );
      expect([404, 414, 422, 431]).toContain(answer.status);
    });
  });
});
