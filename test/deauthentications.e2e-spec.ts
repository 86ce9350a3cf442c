import { Client } from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import { DeauthenticationWorker, type Deauthentication } from '../src/connections';
import { DeauthenticationRepository } from '../src/connections/deauthentication/deauthentication.repository';
import { startTestApp, type TestApp } from './support/app';
import { connectionsOf, newReference, shiftClock } from './support/flow';
import { postWebhook } from './support/webhooks';

const MINUTE = 60;
const HOUR = 60 * MINUTE;

let service: TestApp;
beforeAll(async () => (service = await startTestApp()));
afterAll(() => service.close());
beforeEach(async () => {
  await service.query('DELETE FROM terra_connect.deauthentications');
  service.sandbox.reset();
  service.sandbox.requests.length = 0;
  service.log.length = 0;
});
afterEach(() => jest.restoreAllMocks());

const behaviour = (): TestApp['sandbox']['behaviour'] => service.sandbox.behaviour;
const runOnce = (): Promise<boolean> => service.app.get(DeauthenticationWorker, { strict: false }).runOnce();
const calls = (): string[] =>
  service.sandbox.requests.map(({ method, path }) => `${method} ${path.replace('/api/v2', '')}`);
const requestsOf = (terraUserId: string): Promise<Record<string, unknown>[]> =>
  service.query(
    `SELECT actor, reason, status, attempts, last_outcome AS outcome FROM terra_connect.deauthentications
      WHERE terra_user_id = $1 ORDER BY id`,
    [terraUserId],
  );
const metric = async (name: string): Promise<number> => {
  const text = await (await fetch(`${service.url}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
};

/** An end user with one account. */
async function connected(): Promise<{ userId: string; path: string }> {
  const referenceId = newReference();
  const { userId } = service.sandbox.account.connect({ provider: 'GARMIN', referenceId });
  await service.drainWebhooks();
  const [connection] = await connectionsOf(service, referenceId);
  return { userId, path: `/v1/connections/${connection?.id}` };
}

/** An end user with one account, whose disconnect has been requested. */
async function disconnecting(): Promise<{ userId: string; path: string }> {
  const endUser = await connected();
  expect((await service.api('DELETE', endUser.path)).status).toBe(202);
  service.sandbox.requests.length = 0;
  return endUser;
}

describe('A deauthentication that Terra answered with an error', () => {
  it('is complete when Terra no longer has the user: the service looks, and does not repeat it', async () => {
    const { userId, path } = await disconnecting();
    Object.assign(behaviour(), { deauthFails: true, webhooks: 'off' });
    await runOnce();
    // No repetition without a look, even within the call: Terra answers 500 for ever, although it has ended the user.
    expect(calls()).toEqual(['DELETE /auth/deauthenticateUser']);
    expect(await requestsOf(userId)).toMatchObject([{ status: 'pending', outcome: 'terra.unavailable' }]);

    shiftClock(service, HOUR);
    await runOnce();
    expect(calls().slice(1)).toEqual(['GET /userInfo', 'GET /subscriptions']);
    expect(await requestsOf(userId)).toMatchObject([{ status: 'confirmed', outcome: 'not_found' }]);
    expect(await service.api('GET', path)).toMatchObject({
      body: { status: 'disconnected', statusReason: 'disconnected_by_us' },
    });
  });

  it('is repeated when Terra still has the user', async () => {
    const { userId } = await disconnecting();
    Object.assign(behaviour(), { failWith: [500], faultsOnlyOn: '/deauthenticateUser' });
    await runOnce();
    shiftClock(service, HOUR);
    await runOnce();
    expect(calls()).toEqual([
      'DELETE /auth/deauthenticateUser',
      'GET /userInfo',
      'DELETE /auth/deauthenticateUser',
    ]);
    expect(await requestsOf(userId)).toMatchObject([{ status: 'confirmed', outcome: 'ended', attempts: 2 }]);
  });

  it('is neither confirmed nor repeated while the look fails', async () => {
    const { userId } = await disconnecting();
    Object.assign(behaviour(), { failWith: [500], faultsOnlyOn: '/deauthenticateUser' });
    await runOnce();
    shiftClock(service, HOUR);
    Object.assign(behaviour(), { failWith: [500, 500], faultsOnlyOn: '/userInfo' });
    await runOnce();
    expect(calls().filter((call) => call.startsWith('DELETE'))).toHaveLength(1);
    expect(await requestsOf(userId)).toMatchObject([{ status: 'pending', attempts: 2 }]);
  });
});

describe('A deauthentication request', () => {
  const LEASE_MS = 30_000;
  const take = (at: Date): Promise<Deauthentication | null> =>
    service.app
      .get(DeauthenticationRepository, { strict: false })
      .take(at, new Date(at.getTime() + LEASE_MS));

  it('is taken by one worker, however many processes look for due requests at once', async () => {
    for (let n = 0; n < 3; n += 1) await disconnecting();
    const now = new Date(Date.now() + 1_000);
    const taken = (await Promise.all(Array.from({ length: 12 }, () => take(now)))).flatMap(
      (one) => one ?? [],
    );
    expect(taken).toHaveLength(3);
    expect(new Set(taken.map(({ id }) => id)).size).toBe(3);
  });

  it('is passed over, without a wait, while another process takes it', async () => {
    await disconnecting();
    await disconnecting();
    const other = new Client({ connectionString: service.databaseUrl });
    await other.connect();
    try {
      await other.query('BEGIN');
      const first = `SELECT id FROM terra_connect.deauthentications ORDER BY next_attempt_at, id LIMIT 1 FOR UPDATE`;
      const { rows } = await other.query<{ id: string }>(first);
      const taken = await take(new Date(Date.now() + 1_000));
      expect(taken).toMatchObject({ attempts: 1 });
      expect(taken?.id).not.toBe(rows[0]?.id);
    } finally {
      await other.end();
    }
  });

  it('is not postponed or given back by a worker whose lease has ended, because another one has it', async () => {
    await disconnecting();
    const repository = service.app.get(DeauthenticationRepository, { strict: false });
    const now = new Date(Date.now() + 1_000);
    const slow = (await take(now)) as Deauthentication;
    const other = (await take(new Date(now.getTime() + LEASE_MS))) as Deauthentication;
    expect(other).toMatchObject({ id: slow.id, attempts: 2 });
    const state = `SELECT attempts, next_attempt_at, last_outcome FROM terra_connect.deauthentications WHERE id = $1`;
    const before = await service.query(state, [slow.id]);
    await repository.postpone(slow, 'terra.timeout', now);
    await repository.giveBack(slow, now);
    expect(await service.query(state, [slow.id])).toEqual(before);
    await repository.postpone(other, 'terra.timeout', now);
    expect(await service.query(state, [slow.id])).toMatchObject([{ last_outcome: 'terra.timeout' }]);
  });
});

describe('T-24: a 404 from Terra', () => {
  it.each(['a deauthentication', 'a look'])(
    'does not confirm the end while the credentials fail, as the answer to %s',
    async (asked) => {
      const { userId, path } = await disconnecting();
      if (asked === 'a look') {
        Object.assign(behaviour(), { failWith: [500], faultsOnlyOn: '/deauthenticateUser' });
        await runOnce();
        shiftClock(service, HOUR);
      }
      // With a wrong dev-id, some of Terra's endpoints answer 404, which is also the answer to an unknown user.
      Object.assign(behaviour(), { failWith: [404, 403], faultsOnlyOn: '' });
      await runOnce();
      expect(await requestsOf(userId)).toMatchObject([{ status: 'pending' }]);
      expect(await service.api('GET', path)).toMatchObject({ body: { status: 'disconnecting' } });
      expect(service.sandbox.account.users.has(userId)).toBe(true);
    },
  );
});

describe('T-24: data of a Terra user that the service has ended', () => {
  it('adds another deauthentication request, at most once an hour, and none right after the end', async () => {
    const { userId, path } = await disconnecting();
    const user = service.sandbox.account.users.get(userId);
    await service.drainDeauthentications();
    expect(await service.api('GET', path)).toMatchObject({ body: { status: 'disconnected' } });
    // Terra goes on, although it has confirmed the end.
    if (user) service.sandbox.account.users.set(userId, user);
    const sendDataAfter = async (seconds: number): Promise<void> => {
      shiftClock(service, seconds);
      const at = Date.now() + seconds * 1_000;
      const user = { user_id: userId, provider: 'GARMIN', reference_id: null };
      const signed = { timestamp: Math.floor(at / 1_000), occurredAt: new Date(at) };
      expect(await postWebhook(service, { type: 'daily', user, data: [] }, signed)).toMatchObject({
        status: 200,
      });
      await service.drainWebhooks();
    };
    // With the shifted clock, the service would refuse what the sandbox signs.
    behaviour().webhooks = 'off';
    await sendDataAfter(5 * MINUTE);
    expect(await requestsOf(userId)).toHaveLength(1);
    await sendDataAfter(HOUR + MINUTE);
    await sendDataAfter(HOUR + 2 * MINUTE);
    const again = { actor: 'webhooks', reason: 'data still arrives' };
    expect(await requestsOf(userId)).toMatchObject([
      { status: 'confirmed' },
      { ...again, status: 'pending' },
    ]);

    await service.drainDeauthentications();
    expect(service.sandbox.account.users.has(userId)).toBe(false);
    expect(await requestsOf(userId)).toMatchObject([
      { status: 'confirmed' },
      { ...again, status: 'confirmed' },
    ]);
    expect(await service.api('GET', path)).toMatchObject({ body: { status: 'disconnected' } });
  });
});

describe('R13: the metrics of waiting deauthentications', () => {
  const COUNT = 'terra_connect_deauthentications_pending';
  const AGE = 'terra_connect_deauthentications_oldest_seconds';

  it('say how many wait and how long the oldest has waited, until Terra confirms', async () => {
    // The gauges of a scrape are up to five seconds old.
    const expectMetrics = async (isExpected: (count: number, age: number) => boolean): Promise<void> =>
      eventually(async () => isExpected(await metric(COUNT), await metric(AGE)));
    await expectMetrics((count, age) => count === 0 && age === 0);
    const { path } = await connected();
    await disconnecting();
    Object.assign(behaviour(), { down: true, webhooks: 'off' });
    shiftClock(service, HOUR);
    await service.api('DELETE', path);
    await runOnce();
    await expectMetrics((count, age) => count === 2 && age >= HOUR && age < HOUR + MINUTE);

    behaviour().down = false;
    shiftClock(service, 3 * HOUR);
    await service.drainDeauthentications();
    await expectMetrics((count, age) => count === 0 && age === 0);
  });
});

async function eventually(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(100);
}
