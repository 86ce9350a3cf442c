import { ApiKeysService } from '../src/api-keys';
import { startTestApp, type TestApp } from './support/app';
import { whileLocked } from './support/database';
import { shiftClock, startSession, stopClock, visit } from './support/flow';
import { expectRateLimited, inTurn, statusesOf } from './support/limits';
import { postWebhook } from './support/webhooks';

const UNKNOWN_TOKEN = 'x'.repeat(43);

describe('T-21: the limits of an address', () => {
  let service: TestApp;
  let apiKeys: ApiKeysService;
  let nextAddress = 0;
  beforeAll(async () => {
    service = await startTestApp({
      // The test is the proxy, so it can play clients with different addresses.
      TRUSTED_PROXIES: 'loopback',
      RATE_LIMIT_ADDRESS_PER_MINUTE: '10',
      RATE_LIMIT_REFUSED_KEYS_PER_MINUTE: '10',
      RATE_LIMIT_REFUSED_WEBHOOKS_PER_MINUTE: '10',
    });
    apiKeys = service.app.get(ApiKeysService, { strict: false });
  });
  afterAll(() => service.close());
  // The time stands still: a slow test must not get a part of the quota back.
  beforeEach(() => stopClock(service, new Date()));
  afterEach(() => jest.restoreAllMocks());

  const newAddress = (): string => `198.51.100.${(nextAddress += 1)}`;
  const from = (address: string): { 'x-forwarded-for': string } => ({ 'x-forwarded-for': address });
  const newClient = async (): Promise<string> => (await apiKeys.create('a client', ['admin'])).key;

  describe('guesses of API keys', () => {
    const guess = (address: string, key = `tc_guess_${Math.random()}`) =>
      service.api('GET', '/v1/connections', { key, headers: from(address) });

    it('get 429 beyond the limit of their address, even if they are simultaneous', async () => {
      const address = newAddress();
      // Each takes its part of the quota before its query.
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
  beforeEach(() => stopClock(service, new Date()));
  afterEach(() => jest.restoreAllMocks());

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
