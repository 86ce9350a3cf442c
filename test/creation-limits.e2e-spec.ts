import { ApiKeysService } from '../src/api-keys';
import { ConnectSessionsService } from '../src/connect-sessions';
import { startTestApp, type TestApp } from './support/app';
import { newReference, shiftClock, stopClock } from './support/flow';
import { expectRateLimited, inTurn, statusesOf } from './support/limits';

// The connections of a pool. So many statements can run at the same moment without seeing each other's row.
const POOL_SIZE = 12;
const LIMITS = { RATE_LIMIT_CLIENT_PER_MINUTE: '30', RATE_LIMIT_END_USER_PER_HOUR: '5' };

describe('T-21: the creation of sessions', () => {
  let service: TestApp;
  let second: TestApp;
  let apiKeys: ApiKeysService;
  beforeAll(async () => {
    second = await startTestApp(LIMITS);
    // Its `query` asks a database of its own, so the tests use that of `second`.
    service = await startTestApp({ ...LIMITS, DATABASE_URL: second.databaseUrl });
    apiKeys = service.app.get(ApiKeysService, { strict: false });
  });
  afterAll(async () => {
    await service.close();
    await second.close();
  });
  // The time stands still: a slow test must not get a part of the quota back.
  beforeEach(() => stopClock(service, new Date()));
  afterEach(() => jest.restoreAllMocks());

  const newClient = async (): Promise<string> => (await apiKeys.create('a client', ['admin'])).key;
  const create = (referenceId: string, key: string, headers: Record<string, string> = {}) =>
    service.api<{ id: string }>('POST', '/v1/connect-sessions', { key, headers, body: { referenceId } });

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
    const [row] = await second.query<{ count: string }>(
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

  it('ends for one end user at the limit over all processes', async () => {
    const [key, body] = [await newClient(), { referenceId: newReference() }];
    const statuses: number[] = [];
    for (const process of [service, second, service, second, service, second, service])
      statuses.push((await process.api('POST', '/v1/connect-sessions', { key, body })).status);
    expect(statuses).toEqual([201, 201, 201, 201, 201, 429, 429]);
  });

  it('SDK tokens have the limits of sessions', async () => {
    const key = await newClient();
    const createToken = (referenceId: string) =>
      service.api('POST', `/v1/end-users/${referenceId}/sdk-tokens`, { key });
    const referenceId = newReference();
    expect(statusesOf(await inTurn(5, () => createToken(referenceId)))).toEqual({ 201: 5 });
    expectRateLimited(await createToken(referenceId), 'end-user');
    await inTurn(24, () => createToken(newReference()));
    expectRateLimited(await createToken(newReference()), 'client');
  });
});
