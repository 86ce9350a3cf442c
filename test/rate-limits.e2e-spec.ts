import { ApiKeysService } from '../src/api-keys';
import { ConnectSessionsService } from '../src/connect-sessions';
import { startTestApp, type ApiAnswer, type TestApp } from './support/app';
import { whileLocked } from './support/database';
import { newReference, shiftClock, startSession, visit } from './support/flow';
import { postWebhook } from './support/webhooks';

const UNKNOWN_TOKEN = 'x'.repeat(43);
// The connections of a pool. So many statements can run at the same moment without seeing each other's row.
const POOL_SIZE = 12;

interface ProblemBody {
  code?: string;
  limit?: string;
}

describe('T-21: limits', () => {
  let service: TestApp;
  let apiKeys: ApiKeysService;
  let nextAddress = 0;
  beforeAll(async () => {
    service = await startTestApp({
      // The test is the proxy, so it can play clients with different addresses.
      TRUSTED_PROXIES: 'loopback',
      RATE_LIMIT_CLIENT_PER_MINUTE: '30',
      RATE_LIMIT_END_USER_PER_HOUR: '5',
      RATE_LIMIT_ADDRESS_PER_MINUTE: '10',
      RATE_LIMIT_REFUSED_KEYS_PER_MINUTE: '10',
      RATE_LIMIT_REFUSED_WEBHOOKS_PER_MINUTE: '10',
    });
    apiKeys = service.app.get(ApiKeysService, { strict: false });
  });
  afterAll(() => service.close());
  afterEach(() => jest.restoreAllMocks());

  const newAddress = (): string => `198.51.100.${(nextAddress += 1)}`;
  const from = (address: string): { 'x-forwarded-for': string } => ({ 'x-forwarded-for': address });
  const newClient = async (): Promise<string> => (await apiKeys.create('a client', ['admin'])).key;
  const create = (referenceId: string, key: string, headers: Record<string, string> = {}) =>
    service.api<ProblemBody & { id: string }>('POST', '/v1/connect-sessions', {
      key,
      headers,
      body: { referenceId },
    });
  const statusesOf = (answers: { status: number }[]): Record<string, number> => {
    const counts: Record<string, number> = {};
    for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
    return counts;
  };
  const inTurn = async <T>(count: number, call: () => Promise<T>): Promise<T[]> => {
    const answers: T[] = [];
    for (let request = 0; request < count; request += 1) answers.push(await call());
    return answers;
  };
  const expectRateLimited = ({ status, headers, body }: ApiAnswer<ProblemBody>, limit: string): void => {
    expect({ status, body }).toMatchObject({ status: 429, body: { code: 'rate_limit.exceeded', limit } });
    expect(headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
    expect(headers.get('ratelimit')).toMatch(new RegExp(`^"${limit}";r=0;t=[1-9]\\d*$`));
    expect(headers.get('ratelimit-policy')).toMatch(new RegExp(`^"${limit}";q=\\d+;w=\\d+$`));
  };
  describe('guesses of API keys', () => {
    const guess = (address: string, key = `tc_guess_${Math.random()}`) =>
      service.api<ProblemBody>('GET', '/v1/connections', { key, headers: from(address) });

    it('get 429 beyond the limit of their address, even if they are simultaneous', async () => {
      const address = newAddress();
      // Simultaneous guesses too: each takes its part of the quota before its query.
      const answers = await Promise.all(Array.from({ length: 100 }, () => guess(address)));
      expect(statusesOf(answers)).toEqual({ 401: 10, 429: 90 });
      expectRateLimited(await guess(address), 'refused-keys');
    });

    it('cost no query beyond the limit', async () => {
      const address = newAddress();
      await inTurn(10, () => guess(address));
      // A query would wait for the lock, and the answer would be 503.
      await whileLocked(service.databaseUrl, 'api_keys', async () =>
        expectRateLimited(await guess(address), 'refused-keys'),
      );
    });

    it('do not lock out a caller at the same address whose key was accepted before', async () => {
      const address = newAddress();
      const key = await newClient();
      expect((await guess(address, key)).status).toBe(200);
      await Promise.all(Array.from({ length: 50 }, () => guess(address)));
      expect((await guess(address)).status).toBe(429);
      expect((await guess(address, key)).status).toBe(200);
    });

    it('count again for a key that was accepted before and is revoked', async () => {
      const address = newAddress();
      const { id, key } = await apiKeys.create('revoked later', ['admin']);
      expect((await guess(address, key)).status).toBe(200);
      await apiKeys.revoke(id);
      expect(statusesOf(await inTurn(20, () => guess(address, key)))).toEqual({ 401: 11, 429: 9 });
    });

    it('do not count when the key is right', async () => {
      const address = newAddress();
      const keys = await Promise.all(Array.from({ length: 15 }, newClient));
      for (const key of keys) expect((await guess(address, key)).status).toBe(200);
      expect((await guess(address)).status).toBe(401);
    });

    it('count for each address by itself', async () => {
      const [attacker, other] = [newAddress(), newAddress()];
      await inTurn(12, () => guess(attacker));
      expect((await guess(attacker)).status).toBe(429);
      expect((await guess(other)).status).toBe(401);
    });

    it('count for a whole IPv6 network, because one host can use all of its addresses', async () => {
      let host = 0;
      const answers = await inTurn(15, () => guess(`2001:db8:7:7::${(host += 1).toString(16)}`));
      expect(statusesOf(answers)).toEqual({ 401: 10, 429: 5 });
    });
  });

  describe('requests to the routes for browsers', () => {
    it.each([
      ['a connect link', `/connect/${UNKNOWN_TOKEN}`],
      ['a callback', `/connect/return/${UNKNOWN_TOKEN}/success?user_id=x`],
      ['a failed callback', `/connect/return/${UNKNOWN_TOKEN}/failure`],
      ['a result page', '/connect/result?session_id=01980c0e-7b1a-7c3e-9d55-0f2b6f1c9a10'],
    ])('get a page with 429 beyond the limit of their address: %s', async (_what, path) => {
      const headers = from(newAddress());
      const answers = await Promise.all(
        Array.from({ length: 30 }, () => visit(`${service.url}${path}`, { headers })),
      );
      expect(statusesOf(answers)).toEqual({ 404: 10, 429: 20 });
      const last = await visit(`${service.url}${path}`, { headers });
      expect(last.headers.get('content-type')).toContain('text/html');
      expect(last.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
      expect(last.headers.get('ratelimit-policy')).toBe('"address";q=10;w=60');
      expect(await last.text()).toContain('Please wait a moment');
    });

    it('cost no query beyond the limit', async () => {
      const headers = from(newAddress());
      const open = () => visit(`${service.url}/connect/${UNKNOWN_TOKEN}`, { headers });
      await inTurn(10, open);
      await whileLocked(service.databaseUrl, 'connect_sessions', async () =>
        expect((await open()).status).toBe(429),
      );
    });

    it('do not spend a link: the end user opens it when the quota is back', async () => {
      const { connectUrl } = await startSession(service);
      const headers = from(newAddress());
      await inTurn(10, () => visit(`${service.url}/connect/${UNKNOWN_TOKEN}`, { headers }));
      expect((await visit(connectUrl, { headers })).status).toBe(429);
      shiftClock(service, 60);
      expect((await visit(connectUrl, { headers })).status).toBe(302);
    });
  });

  describe('the creation of sessions', () => {
    it('ends for one end user at the limit of an hour, and costs no call to Terra then', async () => {
      const [referenceId, key] = [newReference(), await newClient()];
      expect(statusesOf(await inTurn(5, () => create(referenceId, key)))).toEqual({ 201: 5 });
      const calls = service.sandbox.requests.length;
      const rejected = await create(referenceId, key);
      expectRateLimited(rejected, 'end-user');
      expect(Number(rejected.headers.get('retry-after'))).toBeGreaterThan(3_500);
      expect(service.sandbox.requests).toHaveLength(calls);
      expect((await create(newReference(), key)).status).toBe(201);

      shiftClock(service, Number(rejected.headers.get('retry-after')));
      expect((await create(referenceId, key)).status).toBe(201);
    });

    it('ends for one end user also if all requests arrive at the same moment', async () => {
      const referenceId = newReference();
      const keys = await Promise.all(Array.from({ length: 4 }, newClient));
      const answers = await Promise.all(
        Array.from({ length: 100 }, (_, index) => create(referenceId, keys[index % 4] ?? '')),
      );
      const [row] = await service.query<{ count: string }>(
        'SELECT count(*) FROM terra_connect.connect_sessions WHERE reference_id = $1',
        [referenceId],
      );
      expect(Number(row?.count)).toBe(statusesOf(answers)[201]);
      expect(Number(row?.count)).toBeGreaterThanOrEqual(5);
      expect(Number(row?.count)).toBeLessThan(5 + POOL_SIZE);
    });

    it('repeats a session for its Idempotency-Key, whatever is left of the quota', async () => {
      const [referenceId, key] = [newReference(), await newClient()];
      const idempotent = { 'idempotency-key': 'first' };
      const first = await create(referenceId, key, idempotent);
      await inTurn(4, () => create(referenceId, key));
      expect((await create(referenceId, key)).status).toBe(429);
      const repeated = await create(referenceId, key, idempotent);
      expect(repeated).toMatchObject({ status: 201, body: { id: first.body.id } });
      expectRateLimited(await create(referenceId, key, { 'idempotency-key': 'second' }), 'end-user');
    });

    it('ends for a host that calls the service without HTTP', async () => {
      const sessions = service.app.get(ConnectSessionsService, { strict: false });
      const referenceId = newReference();
      await inTurn(5, () => sessions.create({ referenceId }));
      await expect(sessions.create({ referenceId })).rejects.toMatchObject({
        kind: 'rate_limited',
        code: 'rate_limit.exceeded',
      });
    });

    it('ends for one API key at the limit of a minute, and says before what is left', async () => {
      const [key, other] = [await newClient(), await newClient()];
      const first = await create(newReference(), key);
      expect(first.headers.get('ratelimit-policy')).toBe('"client";q=30;w=60');
      expect(first.headers.get('ratelimit')).toMatch(/^"client";r=29;t=\d+$/);
      const invalid = Array.from({ length: 60 }, () => create('', key));
      expect(statusesOf(await Promise.all(invalid))).toMatchObject({ 422: 29 });
      expectRateLimited(await create(newReference(), key), 'client');
      expect((await create(newReference(), other)).status).toBe(201);
    });
  });

  it('SDK tokens have the limits of sessions', async () => {
    const key = await newClient();
    const createToken = (referenceId: string) =>
      service.api<ProblemBody>('POST', `/v1/end-users/${referenceId}/sdk-tokens`, { key });
    const referenceId = newReference();
    expect(statusesOf(await inTurn(5, () => createToken(referenceId)))).toEqual({ 201: 5 });
    expectRateLimited(await createToken(referenceId), 'end-user');
    await inTurn(24, () => createToken(newReference()));
    expectRateLimited(await createToken(newReference()), 'client');
  });

  describe('webhooks', () => {
    const event = { type: 'healthcheck' };

    it('with a wrong signature get 429 beyond the limit of their address, and no further log line', async () => {
      const headers = from(newAddress());
      const lines = (): number =>
        service.log.filter((line) => line.includes('webhook.signature_refused')).length;
      const before = lines();
      const forged = await inTurn(15, () => postWebhook(service, event, { secret: 'wrong', headers }));
      expect(statusesOf(forged)).toEqual({ 401: 10, 429: 5 });
      const unsigned = await inTurn(5, () => postWebhook(service, event, { signature: null, headers }));
      expect(statusesOf(unsigned)).toEqual({ 429: 5 });
      expect(unsigned[0]?.json).toMatchObject({ code: 'rate_limit.exceeded', limit: 'refused-webhooks' });
      expect(lines() - before).toBe(10);
    });

    it('with a valid signature have no limit, even if an attacker sends from the same address', async () => {
      const headers = from(newAddress());
      await inTurn(15, () => postWebhook(service, event, { secret: 'wrong', headers }));
      const genuine = await inTurn(40, () =>
        postWebhook(service, { ...event, n: Math.random() }, { headers }),
      );
      expect(statusesOf(genuine)).toEqual({ 200: 40 });
    });
  });
});

describe('T-21: without TRUSTED_PROXIES', () => {
  let service: TestApp;
  beforeAll(async () => (service = await startTestApp({ RATE_LIMIT_REFUSED_KEYS_PER_MINUTE: '5' })));
  afterAll(() => service.close());

  it('X-Forwarded-For has no effect, and one log line advises to list the proxy', async () => {
    const statuses: number[] = [];
    for (let host = 1; host <= 10; host += 1) {
      const headers = { 'x-forwarded-for': `203.0.113.${host}`, forwarded: `for=203.0.113.${host}` };
      statuses.push((await service.api('GET', '/v1/connections', { key: 'tc_unknown', headers })).status);
    }
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429, 429, 429, 429]);
    expect(service.log.filter((line) => line.includes('proxy.not_trusted'))).toHaveLength(1);
  });
});

describe('T-21: two processes', () => {
  let first: TestApp;
  let second: TestApp;
  beforeAll(async () => {
    first = await startTestApp({ RATE_LIMIT_END_USER_PER_HOUR: '5' });
    second = await startTestApp({ RATE_LIMIT_END_USER_PER_HOUR: '5', DATABASE_URL: first.databaseUrl });
  });
  afterAll(async () => {
    await second.close();
    await first.close();
  });

  it('count the sessions of an end user together', async () => {
    const body = { referenceId: newReference() };
    const statuses: number[] = [];
    for (const service of [first, second, first, second, first, second, first])
      statuses.push((await service.api('POST', '/v1/connect-sessions', { body })).status);
    expect(statuses).toEqual([201, 201, 201, 201, 201, 429, 429]);
  });
});
