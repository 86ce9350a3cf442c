import { setTimeout as sleep } from 'node:timers/promises';
import { RETURN_URL, startTestApp, type TestApp } from './support/app';
import {
  connectionsOf,
  newReference,
  readSession,
  redirectUrlOf,
  shiftClock,
  startSession,
  visit,
} from './support/flow';
import { connectThroughWidget } from './support/sandbox';
import { runSessionWorker, storedSession } from './support/session-worker';

const HOUR = 3_600;
// A new list for each use: the sandbox empties it.
const down = () => ({ failWith: ['reset', 'reset'], faultsOnlyOn: '/userInfo' });

const userInfoCalls = ({ sandbox }: TestApp): number =>
  sandbox.requests.filter(({ path }) => path.endsWith('/userInfo')).length;

describe('The session worker asks Terra again about an unconfirmed callback', () => {
  let service: TestApp;
  beforeAll(async () => (service = await startTestApp()));
  beforeEach(async () => {
    service.sandbox.reset();
    await service.query('DELETE FROM terra_connect.connect_sessions');
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => service.close());

  /** A session whose end user has agreed at Garmin; the webhook is lost, the browser has not returned yet. */
  const beforeCallback = async (body: Record<string, unknown> = {}) => {
    service.sandbox.behaviour.webhooks = 'off';
    const session = await startSession(service, { returnUrl: RETURN_URL, ...body });
    await visit(session.connectUrl);
    const callbackUrl = await connectThroughWidget(session.widgetUrl, { provider: 'GARMIN' });
    return { session, callbackUrl };
  };
  const redirectStatus = async (callbackUrl: URL | string): Promise<string | null> =>
    new URL((await visit(callbackUrl)).headers.get('location') ?? '').searchParams.get('status');

  it('two seconds after it, and links the account when Terra answers again', async () => {
    const { session, callbackUrl } = await beforeCallback();
    Object.assign(service.sandbox.behaviour, down());
    expect(await redirectStatus(callbackUrl)).toBe('pending');
    await runSessionWorker(service);
    expect(await connectionsOf(service, session.referenceId)).toEqual([]);
    shiftClock(service, 2.1);
    await runSessionWorker(service);
    expect(await connectionsOf(service, session.referenceId)).toMatchObject([{ status: 'active' }]);
    expect((await readSession(service, session.id)).status).toBe('completed');
    expect(await storedSession(service, session)).toMatchObject({ checkAt: null, checks: 1 });
    expect(await redirectStatus(callbackUrl)).toBe('connected');
  });

  it('whose user Terra knows only a moment later', async () => {
    const { session } = await beforeCallback();
    const { account } = service.sandbox;
    const [user] = account.usersOf(session.referenceId);
    if (!user) throw new Error('No user was linked.');
    account.remove(user.userId);
    const success = redirectUrlOf(service, session.referenceId, 'success');
    expect(await redirectStatus(`${success}?user_id=${user.userId}`)).toBe('pending');
    account.users.set(user.userId, user);
    shiftClock(service, 2.1);
    await runSessionWorker(service);
    expect((await readSession(service, session.id)).status).toBe('completed');
  });

  it('at growing intervals of at most five minutes, until the callback URL has expired', async () => {
    const { session, callbackUrl } = await beforeCallback();
    service.sandbox.behaviour.faultsOnlyOn = '/userInfo';
    service.sandbox.behaviour.okWithStatusError = true;
    expect(await redirectStatus(callbackUrl)).toBe('pending');
    const end = Date.parse(session.expiresAt) + HOUR * 1_000;
    const waits: number[] = [];
    jest.spyOn(Math, 'random').mockReturnValue(1);
    for (let at = (await storedSession(service, session))?.checkAt; at && waits.length < 12;) {
      shiftClock(service, (at.getTime() - Date.now()) / 1_000);
      await runSessionWorker(service);
      const next = (await storedSession(service, session))?.checkAt;
      if (next) waits.push(Math.round((next.getTime() - at.getTime()) / 1_000));
      at = next;
    }
    const rounded = [4, 8, 16, 32, 64, 128, 256, 300, 300, 300, 300, 300];
    waits.forEach((wait, index) => expect(Math.abs(wait - (rounded[index] ?? 0))).toBeLessThanOrEqual(1));
    expect(waits).toHaveLength(12);
    const asked = userInfoCalls(service);
    shiftClock(service, (end - Date.now()) / 1_000 + 5);
    await runSessionWorker(service);
    expect(userInfoCalls(service)).toBe(asked);
    expect(await storedSession(service, session)).toMatchObject({ status: 'expired', checkAt: null });
  });

  it('but not after the webhook has completed the session', async () => {
    const { session, callbackUrl } = await beforeCallback();
    Object.assign(service.sandbox.behaviour, down());
    expect(await redirectStatus(callbackUrl)).toBe('pending');
    for (const { id } of service.sandbox.deliveries) service.sandbox.resend(id);
    await service.drainWebhooks();
    expect(await storedSession(service, session)).toMatchObject({ status: 'completed', checkAt: null });
    const asked = userInfoCalls(service);
    shiftClock(service, 60);
    await runSessionWorker(service);
    expect(userInfoCalls(service)).toBe(asked);
  });

  it('also when a failure came before the success', async () => {
    const { session, callbackUrl } = await beforeCallback();
    expect(await redirectStatus(redirectUrlOf(service, session.referenceId, 'failure'))).toBe('failed');
    Object.assign(service.sandbox.behaviour, down());
    expect(await redirectStatus(callbackUrl)).toBe('failed');
    shiftClock(service, 2.1);
    await runSessionWorker(service);
    expect((await readSession(service, session.id)).status).toBe('completed');
  });

  it('even if the process was killed during its first request', async () => {
    const { session, callbackUrl } = await beforeCallback();
    const nonce = callbackUrl.pathname.split('/').at(-2);
    expect(nonce).toBeDefined();
    // A process that is killed before Terra answers writes no later checkAt. The test restores the first one.
    service.sandbox.behaviour.stall = true;
    service.sandbox.behaviour.faultsOnlyOn = '/userInfo';
    const visited = visit(callbackUrl);
    while (!(await storedSession(service, session))?.checkAt) await sleep(10);
    const { checkAt } = (await storedSession(service, session)) ?? {};
    await visited;
    service.sandbox.behaviour.stall = false;
    await service.query(`UPDATE terra_connect.connect_sessions SET check_at = $2 WHERE id = $1`, [
      session.id,
      checkAt,
    ]);
    shiftClock(service, 15);
    await runSessionWorker(service);
    expect((await readSession(service, session.id)).status).toBe('completed');
  });

  it('only one time with several workers', async () => {
    const { session, callbackUrl } = await beforeCallback();
    Object.assign(service.sandbox.behaviour, down());
    expect(await redirectStatus(callbackUrl)).toBe('pending');
    const asked = userInfoCalls(service);
    shiftClock(service, 2.1);
    await Promise.all([1, 2, 3, 4].map(() => runSessionWorker(service)));
    expect(userInfoCalls(service) - asked).toBe(1);
    expect(await connectionsOf(service, session.referenceId)).toHaveLength(1);
  });

  it("T-03: without linking another end user's Terra user, and then stops asking", async () => {
    const otherReference = newReference();
    service.sandbox.behaviour.webhooks = 'off';
    const { userId } = service.sandbox.account.connect({ provider: 'GARMIN', referenceId: otherReference });
    const { session } = await beforeCallback();
    Object.assign(service.sandbox.behaviour, down());
    const success = redirectUrlOf(service, session.referenceId, 'success');
    expect(await redirectStatus(`${success}?user_id=${userId}`)).toBe('pending');
    shiftClock(service, 2.1);
    await runSessionWorker(service);
    const asked = userInfoCalls(service);
    expect(await storedSession(service, session)).toMatchObject({
      status: 'opened',
      checkAt: null,
      checks: 1,
    });
    shiftClock(service, HOUR);
    await runSessionWorker(service);
    expect(userInfoCalls(service)).toBe(asked);
    expect(await connectionsOf(service, session.referenceId)).toEqual([]);
    expect(await connectionsOf(service, otherReference)).toEqual([]);
  });

  it('unless the callback names no Terra user, and Terra has no new one, as with phone-only providers', async () => {
    const session = await startSession(service, { returnUrl: RETURN_URL });
    expect(await redirectStatus(redirectUrlOf(service, session.referenceId, 'success'))).toBe('pending');
    expect(await storedSession(service, session)).toMatchObject({ checkAt: null });
    const asked = userInfoCalls(service);
    shiftClock(service, HOUR);
    await runSessionWorker(service);
    expect(userInfoCalls(service)).toBe(asked);
  });
});

describe('R5: a connection is visible soon after the callback although the webhook never comes', () => {
  let service: TestApp;
  beforeAll(async () => (service = await startTestApp({ WORKERS_ENABLED: 'true' })));
  afterAll(() => service.close());

  it.each([
    ['is down', down],
    ['does not answer', () => ({ failWith: ['stall'], faultsOnlyOn: '/userInfo' })],
  ])('within ten seconds of real time when Terra %s at the callback', async (_case, fault) => {
    service.sandbox.reset();
    service.sandbox.behaviour.webhooks = 'off';
    const session = await startSession(service, { returnUrl: RETURN_URL });
    await visit(session.connectUrl);
    const callbackUrl = await connectThroughWidget(session.widgetUrl, { provider: 'GARMIN' });
    Object.assign(service.sandbox.behaviour, fault());
    const startedAt = Date.now();
    const location = (await visit(callbackUrl)).headers.get('location') ?? '';
    expect(new URL(location).searchParams.get('status')).toBe('pending');
    while ((await readSession(service, session.id)).status !== 'completed') {
      if (Date.now() - startedAt > 10_000) throw new Error('It took more than ten seconds.');
      await sleep(50);
    }
    const tookMs = Date.now() - startedAt;
    process.stderr.write(`R5: linked ${tookMs} ms after the return\n`);
    expect(await connectionsOf(service, session.referenceId)).toMatchObject([{ status: 'active' }]);
  });
});
