import { ApiKeysService, SCOPES, type Scope } from '../src/api-keys';
import { ADMIN_KEY, startTestApp, type TestApp } from './support/app';
import { stateOf } from './support/flow';
import { sendRaw } from './support/raw-http';

/** Every route that needs no key. A new one is added here on purpose, or does not exist. */
const PUBLIC_ROUTES = [
  'get /connect/result',
  'get /connect/return/{nonce}/failure',
  'get /connect/return/{nonce}/success',
  'get /connect/{token}',
  'get /health/live',
  'get /health/ready',
  'get /metrics',
  'post /webhooks/terra',
];
const NOBODY = '01980c0e-7b1a-7c3e-9d55-0f2b6f1c9a10';

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
      path.replace('{referenceId}', 'user-4711').replace(/\{\w+\}/, NOBODY),
      { key, ...(method === 'post' ? { body: {} } : {}) },
    );
  const keyWith = async (...scopes: Scope[]): Promise<string> => (await apiKeys.create('a test', scopes)).key;
  const authorized = (authorization: string | string[]) =>
    sendRaw(service.url, '/v1/connections', { headers: { authorization } });

  describe('T-05, T-22: the scope matrix', () => {
    it('knows every route: one that names no scope is one of the public ones', () => {
      const open = operations.filter(({ scope }) => !scope).map(({ method, path }) => `${method} ${path}`);
      expect(open.sort()).toEqual(PUBLIC_ROUTES);
      expect(operations.length - open.length).toBeGreaterThanOrEqual(7);
    });

    it('opens no route to a caller without a key', async () => {
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

    it('opens no route to a key that has every scope but the needed one', async () => {
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

    it('opens each route to a key that has just its scope', async () => {
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

  describe('a key that cannot be accepted', () => {
    const MISSING = { status: 401, json: { code: 'auth.missing_key' } };
    const INVALID = { status: 401, json: { code: 'auth.invalid_key' } };

    it.each([
      ['nothing', ''],
      ['another scheme', `Basic ${Buffer.from(`x:${ADMIN_KEY}`).toString('base64')}`],
      ['no scheme', ADMIN_KEY],
      ['a scheme alone', 'Bearer'],
      ['two keys', `Bearer ${ADMIN_KEY} ${ADMIN_KEY}`],
      ['two keys, with a comma', `Bearer ${ADMIN_KEY}, Bearer ${ADMIN_KEY}`],
      ['a key of 10 KB', `Bearer ${'x'.repeat(10_000)}`],
      ['a key in Latin-1', 'Bearer sch\u00fcssel'],
    ])('is missing when the header holds %s', async (_case, authorization) => {
      expect(await authorized(authorization)).toMatchObject(MISSING);
    });

    it.each([
      ['foreign', 'tc_0123456789012345678901234567890123456789012'],
      ['cut short', ADMIN_KEY.slice(0, -1)],
      ['longer', `${ADMIN_KEY}x`],
      ['of another case', ADMIN_KEY.toUpperCase()],
      ['the null text', 'null'],
      ['an SQL text', `'OR'1'='1`],
    ])('is invalid when it is %s', async (_case, key) => {
      expect(await authorized(`Bearer ${key}`)).toMatchObject(INVALID);
    });

    it('is not looked for anywhere but in its header', async () => {
      const { key } = await apiKeys.create('in the wrong place', ['admin']);
      for (const name of ['x-api-key', 'cookie', 'proxy-authorization']) {
        const headers = { [name]: `Bearer ${key}` };
        expect(await sendRaw(service.url, '/v1/connections', { headers })).toMatchObject(MISSING);
      }
      const inQuery = await sendRaw(service.url, `/v1/connections?api_key=${key}&access_token=${key}`);
      expect(inQuery).toMatchObject(MISSING);
    });

    it('is told apart from no other: a revoked and an unknown key get the same answer', async () => {
      const { id, key } = await apiKeys.create('to be revoked', ['admin']);
      expect((await authorized(`Bearer ${key}`)).status).toBe(200);
      await apiKeys.revoke(id);
      const revoked = await authorized(`Bearer ${key}`);
      const unknown = await authorized('Bearer tc_nobody');
      expect(revoked).toMatchObject(INVALID);
      expect(revoked.text).toBe(unknown.text);
    });
  });

  describe('their keeping', () => {
    it('stops a revoked key at once, and nobody else', async () => {
      const first = await apiKeys.create('first', ['connections:read']);
      const second = await apiKeys.create('second', ['connections:read']);
      for (const { key } of [first, second]) expect((await authorized(`Bearer ${key}`)).status).toBe(200);
      await apiKeys.revoke(first.id);
      expect((await authorized(`Bearer ${first.key}`)).status).toBe(401);
      expect((await authorized(`Bearer ${second.key}`)).status).toBe(200);
    });

    it('revokes only what is there to revoke', async () => {
      const { id } = await apiKeys.create('once', ['admin']);
      await apiKeys.revoke(id);
      for (const none of [id, NOBODY, 'not-an-id', '']) {
        await expect(apiKeys.revoke(none)).rejects.toMatchObject({ code: 'api_key.not_found' });
      }
    });

    it('lists keys without the keys: only their hash is kept', async () => {
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

    it('makes a different key each time', async () => {
      const keys = await Promise.all(Array.from({ length: 20 }, () => keyWith('admin')));
      expect(new Set(keys).size).toBe(20);
    });

    it('notes when a key was last used, and not when it was refused', async () => {
      const { id, key } = await apiKeys.create('used', ['connections:write']);
      await authorized('Bearer tc_nobody');
      const lastUse = async () => (await apiKeys.list()).find((entry) => entry.id === id)?.lastUsedAt;
      expect(await lastUse()).toBeNull();
      await authorized(`Bearer ${key}`);
      expect(await lastUse()).toBeInstanceOf(Date);
    });
  });
});
