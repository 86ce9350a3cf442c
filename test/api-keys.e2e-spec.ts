import { Clock } from '../src/common';
import { ApiKeysService, SCOPES, type Scope } from '../src/api-keys';
import { ADMIN_KEY, startTestApp, type TestApp } from './support/app';
import { stateOf } from './support/flow';
import { sendRaw } from './support/raw-http';
import { statementsOf } from './support/statements';

/** Every route that needs no key. A new public route must be added here on purpose. */
const PUBLIC_ROUTES = [
  'get /connect/result',
  'get /connect/return/{nonce}/failure',
  'get /connect/return/{nonce}/success',
  'get /connect/{token}',
  'get /health/live',
  'get /health/ready',
  'get /metrics',
  'post /connect/{token}',
  'post /webhooks/terra',
];
const UNKNOWN_ID = '01980c0e-7b1a-7c3e-9d55-0f2b6f1c9a10';

interface Operation {
  method: string;
  path: string;
  scope: Scope | undefined;
}

describe('API keys', () => {
  let service: TestApp;
  let apiKeys: ApiKeysService;
  let operations: Operation[];
  beforeAll(async () => {
    service = await startTestApp();
    apiKeys = service.app.get(ApiKeysService, { strict: false });
    operations = await readOperations();
  });
  afterAll(() => service.close());

  const readOperations = async (): Promise<Operation[]> => {
    type Document = { paths: Record<string, Record<string, { 'x-required-scope'?: Scope }>> };
    const { body } = await service.api<Document>('GET', '/openapi.json', { key: null });
    return Object.entries(body.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        method,
        path,
        scope: operation['x-required-scope'],
      })),
    );
  };
  const call = ({ method, path }: Operation, key: string | null) =>
    service.api<{ code?: string; requiredScope?: string }>(
      method.toUpperCase(),
      path.replace('{referenceId}', 'user-4711').replace(/\{\w+\}/, UNKNOWN_ID),
      { key, ...(method === 'post' ? { body: {} } : {}) },
    );
  const keyWith = async (...scopes: Scope[]): Promise<string> => (await apiKeys.create('a test', scopes)).key;
  const getWithAuthorization = (authorization: string | string[]) =>
    sendRaw(service.url, '/v1/connections', { headers: { authorization } });

  describe('T-05, T-22: scopes of routes', () => {
    it('a route without a scope is on the list of public routes', () => {
      const publicRoutes = operations
        .filter(({ scope }) => !scope)
        .map(({ method, path }) => `${method} ${path}`);
      expect(publicRoutes.sort()).toEqual(PUBLIC_ROUTES);
      expect(operations.length - publicRoutes.length).toBeGreaterThanOrEqual(7);
    });

    it('no route with a scope accepts a caller without a key', async () => {
      const before = await stateOf(service);
      for (const operation of operations.filter(({ scope }) => scope)) {
        const { status, headers, body } = await call(operation, null);
        expect({ operation, status, code: body.code }).toEqual({
          operation,
          status: 401,
          code: 'auth.missing_key',
        });
        expect(headers.get('www-authenticate')).toBe('Bearer');
      }
      expect(await stateOf(service)).toEqual(before);
    });

    it('no route accepts a key that has every scope except the required one', async () => {
      const before = await stateOf(service);
      for (const operation of operations) {
        const { scope } = operation;
        if (!scope) continue;
        const others = SCOPES.filter((other) => other !== scope && other !== 'admin');
        const { status, body } = await call(operation, await keyWith(...others));
        expect({ operation, status, body }).toMatchObject({
          operation,
          status: 403,
          body: { code: 'auth.missing_scope', requiredScope: scope },
        });
      }
      expect(await stateOf(service)).toEqual(before);
      expect(service.sandbox.requests).toEqual([]);
    });

    it('each route accepts a key that has only its required scope', async () => {
      for (const operation of operations) {
        if (!operation.scope) continue;
        const { status } = await call(operation, await keyWith(operation.scope));
        expect({ operation, refused: status === 401 || status === 403 }).toEqual({
          operation,
          refused: false,
        });
      }
    });
  });

  describe('a rejected key', () => {
    const MISSING = { status: 401, json: { code: 'auth.missing_key' } };
    const INVALID = { status: 401, json: { code: 'auth.invalid_key' } };

    it.each([
      ['nothing', ''],
      ['another scheme', `Basic ${Buffer.from(`x:${ADMIN_KEY}`).toString('base64')}`],
      ['no scheme', ADMIN_KEY],
      ['only a scheme', 'Bearer'],
      ['two keys', `Bearer ${ADMIN_KEY} ${ADMIN_KEY}`],
      ['two keys, with a comma', `Bearer ${ADMIN_KEY}, Bearer ${ADMIN_KEY}`],
      ['a key of 10 KB', `Bearer ${'x'.repeat(10_000)}`],
      ['a key in Latin-1', 'Bearer sch\u00fcssel'],
    ])('counts as missing when the header is %s', async (_case, authorization) => {
      expect(await getWithAuthorization(authorization)).toMatchObject(MISSING);
    });

    it.each([
      ['unknown', 'tc_0123456789012345678901234567890123456789012'],
      ['cut short', ADMIN_KEY.slice(0, -1)],
      ['too long', `${ADMIN_KEY}x`],
      ['in another case', ADMIN_KEY.toUpperCase()],
      ['the text null', 'null'],
      ['SQL', `'OR'1'='1`],
    ])('counts as invalid when it is %s', async (_case, key) => {
      expect(await getWithAuthorization(`Bearer ${key}`)).toMatchObject(INVALID);
    });

    it('counts as missing anywhere outside the Authorization header', async () => {
      const { key } = await apiKeys.create('in the wrong place', ['admin']);
      for (const name of ['x-api-key', 'cookie', 'proxy-authorization']) {
        const headers = { [name]: `Bearer ${key}` };
        expect(await sendRaw(service.url, '/v1/connections', { headers })).toMatchObject(MISSING);
      }
      const inQuery = await sendRaw(service.url, `/v1/connections?api_key=${key}&access_token=${key}`);
      expect(inQuery).toMatchObject(MISSING);
    });

    it('gets the same answer whether it is revoked or unknown', async () => {
      const { id, key } = await apiKeys.create('to be revoked', ['admin']);
      expect((await getWithAuthorization(`Bearer ${key}`)).status).toBe(200);
      await apiKeys.revoke(id);
      const revoked = await getWithAuthorization(`Bearer ${key}`);
      const unknown = await getWithAuthorization('Bearer tc_nobody');
      expect(revoked).toMatchObject(INVALID);
      expect(revoked.text).toBe(unknown.text);
    });
  });

  describe('management', () => {
    it('a revoked key stops working immediately, and other keys keep working', async () => {
      const first = await apiKeys.create('first', ['connections:read']);
      const second = await apiKeys.create('second', ['connections:read']);
      for (const { key } of [first, second])
        expect((await getWithAuthorization(`Bearer ${key}`)).status).toBe(200);
      await apiKeys.revoke(first.id);
      expect((await getWithAuthorization(`Bearer ${first.key}`)).status).toBe(401);
      expect((await getWithAuthorization(`Bearer ${second.key}`)).status).toBe(200);
    });

    it('a second revocation of a key and the revocation of an unknown key fail as not found', async () => {
      const { id } = await apiKeys.create('once', ['admin']);
      await apiKeys.revoke(id);
      for (const missingId of [id, UNKNOWN_ID, 'not-an-id', '']) {
        await expect(apiKeys.revoke(missingId)).rejects.toMatchObject({ code: 'api_key.not_found' });
      }
    });

    it('the list of keys shows no secret, and the database stores only a hash of each', async () => {
      const { id, key } = await apiKeys.create('kept', ['sessions:read', 'sessions:write']);
      const listed = (await apiKeys.list()).find((entry) => entry.id === id);
      expect(listed).toMatchObject({ name: 'kept', scopes: ['sessions:read', 'sessions:write'] });
      expect(listed).toMatchObject({ lastUsedAt: null, revokedAt: null });
      const rows = await service.query<{ row: string }>(
        'SELECT k::text AS row FROM terra_connect.api_keys k',
      );
      expect(rows.map(({ row }) => row).join()).not.toContain(key);
      expect(rows.map(({ row }) => row).join()).not.toContain(Buffer.from(key).toString('hex'));
      expect(key).toMatch(/^tc_[\w-]{43}$/);
    });

    it('each new key is different', async () => {
      const keys = await Promise.all(Array.from({ length: 20 }, () => keyWith('admin')));
      expect(new Set(keys).size).toBe(20);
    });

    it('the last use of a key is recorded, and a rejected call is not a use', async () => {
      const { id, key } = await apiKeys.create('used', ['connections:write']);
      await getWithAuthorization('Bearer tc_nobody');
      const lastUse = async () => (await apiKeys.list()).find((entry) => entry.id === id)?.lastUsedAt;
      expect(await lastUse()).toBeNull();
      await getWithAuthorization(`Bearer ${key}`);
      expect(await lastUse()).toBeInstanceOf(Date);
    });

    it('the last use of a key is recorded each minute, also while the process remembers the key', async () => {
      const { id, key } = await apiKeys.create('used again', ['connections:read']);
      await getWithAuthorization(`Bearer ${key}`);
      const clock = service.app.get(Clock, { strict: false });
      const later = new Date(clock.now().getTime() + 61_000);
      const spy = jest.spyOn(clock, 'now').mockReturnValue(later);
      const texts = await statementsOf(() =>
        Promise.all(Array.from({ length: 5 }, () => getWithAuthorization(`Bearer ${key}`))),
      );
      spy.mockRestore();
      expect((await apiKeys.list()).find((entry) => entry.id === id)?.lastUsedAt).toEqual(later);
      expect(texts.filter((text) => text.includes('api_keys'))).toHaveLength(1);
    });

    it('T-22: a key that another process revokes stops working when the process no longer remembers it', async () => {
      const other = await startTestApp({ DATABASE_URL: service.databaseUrl, API_KEY_CACHE_SECONDS: '1' });
      const { id, key } = await apiKeys.create('of two processes', ['connections:read']);
      const look = async (): Promise<number> => (await other.api('GET', '/v1/connections', { key })).status;
      expect(await look()).toBe(200);
      await apiKeys.revoke(id);
      const revokedAt = performance.now();
      while ((await look()) !== 401);
      expect(performance.now() - revokedAt).toBeLessThan(1_500);
      await other.close();
    });
  });
});
