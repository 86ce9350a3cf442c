import { DeauthenticationWorker } from '../src/connections';
import { ReconcileWorker, SweepWorker } from '../src/reconciliation';
import { TerraClient } from '../src/terra';
import { startTestApp, type ApiAnswer, type TestApp } from './support/app';
import { startConnectProxy } from './support/connect-proxy';
import { stopClock } from './support/flow';
import { linkEndUsers } from './support/reconciliation';

const WIDGET = '/api/widget/session';

let service: TestApp;
let now: number;
/** Moves the service's clock, which stands still otherwise: an open circuit stays open until a test moves it. */
const pass = (seconds: number): void => {
  now += seconds * 1_000;
  stopClock(service, new Date(now));
};
beforeEach(async () => {
  service = await startTestApp();
  now = Date.now();
  pass(0);
});
afterEach(async () => {
  jest.restoreAllMocks();
  await service.close();
});

const create = (): Promise<ApiAnswer<{ code?: string }>> =>
  service.api('POST', '/v1/connect-sessions', { body: { referenceId: 'person' } });
const callsTo = (path: string): number =>
  service.sandbox.requests.filter((request) => request.path === path).length;
const terra = (): TerraClient => service.app.get(TerraClient, { strict: false });
/** Lets calls fail until the circuit of Terra's API opens. */
const openCircuit = async (): Promise<void> => {
  service.sandbox.behaviour.down = true;
  while (terra().isAvailable())
    await terra()
      .findUser('nobody')
      .catch(() => undefined);
};

describe('While Terra is down', () => {
  it('callers get 503 with Retry-After at once, and one probe at a time finds out when Terra is back (R8, R9)', async () => {
    service.sandbox.behaviour.down = true;
    for (let caller = 0; caller < 60; caller += 1) {
      const { status, headers, body } = await create();
      expect({ status, code: body.code }).toEqual({ status: 503, code: 'terra.unavailable' });
      expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    }
    expect(callsTo(WIDGET)).toBe(10);
    expect((await service.api<string>('GET', '/metrics')).body).toContain(
      'terra_connect_terra_circuit_open{endpoint="widget"} 1',
    );

    // The pause is over, but Terra is still down.
    pass(60);
    const answers = await Promise.all(Array.from({ length: 10 }, create));
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(503));
    expect(callsTo(WIDGET)).toBe(11);

    service.sandbox.behaviour.down = false;
    expect((await create()).status).toBe(503);
    pass(60);
    expect((await create()).status).toBe(201);
    expect((await create()).status).toBe(201);
    const { body } = await service.api<string>('GET', '/metrics');
    expect(body).toContain('terra_connect_terra_circuit_open{endpoint="widget"} 0');
    const events = service.log.map((line) => (JSON.parse(line) as { event?: string }).event);
    expect(events.filter((event) => event === 'terra.circuit_opened')).toHaveLength(2);
    expect(events.filter((event) => event === 'terra.circuit_closed')).toHaveLength(1);
  });

  it('repetitions add at most a tenth to the calls, also while every third call fails (R9)', async () => {
    service.sandbox.behaviour.failEvery = 3;
    let left = 200;
    const lane = async (): Promise<void> => {
      while (left-- > 0)
        await terra()
          .findUser('nobody')
          .catch(() => undefined);
    };
    await Promise.all(Array.from({ length: 10 }, lane));
    const calls = callsTo('/api/v2/userInfo');
    expect(calls).toBeGreaterThan(200);
    expect(calls).toBeLessThanOrEqual(220);
    const { body } = await service.api<string>('GET', '/metrics');
    expect(body).toMatch(
      /terra_connect_terra_retries_total\{operation="user-info",outcome="over_budget"\} [1-9]/,
    );
  });

  it('workers wait, burn no attempt and lose nothing (R13)', async () => {
    await linkEndUsers(service, 1);
    const [connection] = await service.query<{ id: string }>(`SELECT id FROM terra_connect.connections`);
    const path = `/v1/connections/${connection?.id}`;
    expect((await service.api('DELETE', path)).status).toBe(202);
    // Everything is due, also for the reconcile and the sweep.
    pass(200 * 3_600);
    await openCircuit();
    const due = `SELECT reconcile_at AS "reconcileAt" FROM terra_connect.connections`;
    const dueBefore = await service.query(due);
    const asked = service.sandbox.requests.length;

    const deauthentications = service.app.get(DeauthenticationWorker, { strict: false });
    expect(await deauthentications.runOnce()).toBe(false);
    expect(await service.app.get(ReconcileWorker, { strict: false }).runOnce()).toBe(0);
    await service.app.get(SweepWorker, { strict: false }).runOnce();
    expect(service.sandbox.requests).toHaveLength(asked);
    const requests = `SELECT attempts, last_attempt_at AS "lastAttemptAt" FROM terra_connect.deauthentications`;
    expect(await service.query(requests)).toEqual([{ attempts: 0, lastAttemptAt: null }]);
    expect(await service.query(due)).toEqual(dueBefore);
    expect(await service.query(`SELECT status FROM terra_connect.sweeps`)).toEqual([]);

    service.sandbox.behaviour.down = false;
    pass(60);
    while (await deauthentications.runOnce());
    expect(await service.api('GET', path)).toMatchObject({ body: { status: 'disconnected' } });
    await service.app.get(SweepWorker, { strict: false }).runOnce();
    expect(await service.query(`SELECT status FROM terra_connect.sweeps`)).toEqual([{ status: 'completed' }]);
  });

  it('a disconnect that meets the pause of a rate limit is given back as it was (R13)', async () => {
    await linkEndUsers(service, 2);
    const connections = await service.query<{ id: string }>(`SELECT id FROM terra_connect.connections`);
    for (const { id } of connections) await service.api('DELETE', `/v1/connections/${id}`);
    Object.assign(service.sandbox.behaviour, {
      failWith: [429, 429],
      faultsOnlyOn: '/deauthenticateUser',
    });
    const worker = service.app.get(DeauthenticationWorker, { strict: false });
    expect(await worker.runOnce()).toBe(true);
    expect(await worker.runOnce()).toBe(false);
    expect(callsTo('/api/v2/auth/deauthenticateUser')).toBe(2);
    const attempts = `SELECT attempts FROM terra_connect.deauthentications ORDER BY attempts`;
    expect(await service.query(attempts)).toEqual([{ attempts: 0 }, { attempts: 1 }]);
    pass(3_600);
    while (await worker.runOnce());
    expect(await service.query(attempts)).toEqual([{ attempts: 1 }, { attempts: 2 }]);
  });
});

it('A rate limit of Terra pauses the limited operation for its Retry-After, and no other one', async () => {
  Object.assign(service.sandbox.behaviour, { failWith: [429, 429], faultsOnlyOn: WIDGET });
  const limited = { status: 503, body: { code: 'terra.rate_limited' } };
  expect(await create()).toMatchObject(limited);
  const paused = await create();
  expect(paused).toMatchObject(limited);
  expect(paused.headers.get('retry-after')).toBe('1');
  expect(callsTo(WIDGET)).toBe(2);
  expect((await service.api('POST', '/v1/end-users/person/sdk-tokens')).status).toBe(201);
  pass(1);
  expect((await create()).status).toBe(201);
});

it.each(['HTTP_PROXY', 'http_proxy'])('%s leads every call to Terra through the proxy', async (name) => {
  const proxy = await startConnectProxy();
  await service.close();
  service = await startTestApp({
    [name]: proxy.url,
    TERRA_API_URL: 'http://terra.test/api/v2',
    TERRA_WIDGET_URL: 'http://terra.test/api/widget/session',
  });
  proxy.port = Number(new URL(service.sandbox.url).port);
  expect((await create()).status).toBe(201);
  expect((await service.api('GET', '/v1/providers')).status).toBe(200);
  expect(new Set(proxy.targets)).toEqual(new Set(['terra.test:80']));
  await proxy.close();
});
