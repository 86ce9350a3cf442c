import { ConnectionAnnouncer } from '../src/connect-sessions';
import { WebhookInboxWorker } from '../src/webhooks';
import { loggedLines, RETURN_URL, startTestApp, type TestApp } from './support/app';
import {
  connectionsOf,
  newReference,
  readSession,
  startSession,
  visit,
  type ConnectionAnswer,
} from './support/flow';
import { connectThroughWidget } from './support/sandbox';

interface Attempt {
  withConnectionId?: boolean;
  account?: string;
  behaviour?: object;
}

// Every webhook is dropped, and a test lets single ones arrive.
describe('T-12, T-15: what a caller reads when the browser returns from a reconnect is final', () => {
  let service: TestApp;
  beforeAll(async () => (service = await startTestApp()));
  beforeEach(() => service.sandbox.reset());
  afterAll(() => service.close());

  const announcer = (): ConnectionAnnouncer => service.app.get(ConnectionAnnouncer, { strict: false });

  /** An end user with a connection, who has connected in the widget again. The browser has not returned yet. */
  const atReturn = async ({ withConnectionId = false, account, behaviour = {} }: Attempt) => {
    const referenceId = newReference();
    service.sandbox.account.connect({ provider: 'GARMIN', referenceId });
    await service.drainWebhooks();
    const [before] = (await connectionsOf(service, referenceId)) as [ConnectionAnswer];
    Object.assign(service.sandbox.behaviour, { webhooks: 'off' }, behaviour);
    const connectionId = withConnectionId ? before.id : undefined;
    const session = await startSession(service, { referenceId, connectionId, returnUrl: RETURN_URL });
    await visit(session.connectUrl);
    const callbackUrl = await connectThroughWidget(session.widgetUrl, { provider: 'GARMIN', account });
    const user = service.sandbox.account.usersOf(referenceId).at(-1);
    return { before, referenceId, session, callbackUrl, newUserId: user?.userId };
  };
  type Returning = Awaited<ReturnType<typeof atReturn>>;

  const returns = async ({ callbackUrl }: Returning): Promise<string | null> =>
    new URL((await visit(callbackUrl)).headers.get('location') ?? '').searchParams.get('status');
  /** Lets the latest webhook of a type arrive, and processes it. Provisional connections stay provisional. */
  const arrives = async (type: string): Promise<void> => {
    const delivery = service.sandbox.deliveries.findLast((one) => one.type === type);
    if (!delivery) throw new Error(`The sandbox has not sent ${type}.`);
    service.sandbox.resend(delivery.id);
    await service.sandbox.idle();
    const inbox = service.app.get(WebhookInboxWorker, { strict: false });
    while (await inbox.runOnce());
  };
  const silent = { failEvery: 1, faultsOnlyOn: '/userInfo' };

  const expectContinued = async ({ before, referenceId, session, newUserId }: Returning): Promise<void> => {
    expect(newUserId).not.toBe(before.terraUserId);
    expect(await connectionsOf(service, referenceId)).toMatchObject([
      { id: before.id, status: 'active', terraUserId: newUserId },
    ]);
    const { status, connections } = await readSession(service, session.id);
    expect([status, connections.map(({ id }) => id)]).toEqual(['completed', [before.id]]);
  };

  describe.each([true, false])('of a session, with connectionId: %s', (withConnectionId) => {
    it.each([
      ['before every webhook', ['callback', 'auth', 'user_reauth']],
      ['before user_reauth', ['auth', 'callback', 'user_reauth']],
      ['between user_reauth and auth', ['user_reauth', 'callback', 'auth']],
      ['and Terra never sends user_reauth', ['callback', 'auth']],
      ['after auth, and Terra never sends user_reauth', ['auth', 'callback']],
    ])('%s', async (_case, order) => {
      const behaviour = { sendUserReauth: order.includes('user_reauth') };
      const attempt = await atReturn({ withConnectionId, behaviour });
      let hasReturned = false;
      for (const event of order) {
        if (event === 'callback') {
          expect(await returns(attempt)).toBe('connected');
          hasReturned = true;
        } else await arrives(event);
        if (hasReturned) await expectContinued(attempt);
        // At no time are there two connections.
        expect(await connectionsOf(service, attempt.referenceId)).toHaveLength(1);
      }
    });
  });

  it('T-16: the swap that Terra’s answers prove is in the history, once', async () => {
    const attempt = await atReturn({ behaviour: { sendUserReauth: false } });
    await arrives('auth');
    await Promise.all([returns(attempt), announcer().runOnce()]);
    const { body } = await service.api<{ items: { cause: string; oldTerraUserId: string }[] }>(
      'GET',
      `/v1/connections/${attempt.before.id}/history`,
    );
    expect(body.items.filter(({ cause }) => cause === 'replaced')).toMatchObject([
      { oldTerraUserId: attempt.before.terraUserId },
    ]);
  });

  it('without the browser, a webhook alone leaves the session open until the worker knows the connection', async () => {
    const attempt = await atReturn({ behaviour: { sendUserReauth: false } });
    await arrives('auth');
    expect(await connectionsOf(service, attempt.referenceId)).toEqual([attempt.before]);
    expect(await readSession(service, attempt.session.id)).toMatchObject({
      status: 'opened',
      connections: [],
    });
    const [hidden] = await service.query<{ id: string }>(
      `SELECT id FROM terra_connect.connections WHERE terra_user_id = $1`,
      [attempt.newUserId],
    );
    for (const [method, path] of [
      ['GET', ''],
      ['GET', '/history'],
      ['DELETE', ''],
    ] as const)
      expect((await service.api(method, `/v1/connections/${hidden?.id}${path}`)).status).toBe(404);
    await announcer().runOnce();
    await expectContinued(attempt);
    // A caller that could know the hidden id is led to the connection.
    expect((await service.api('GET', `/v1/connections/${hidden?.id}`)).body).toMatchObject({
      id: attempt.before.id,
    });
  });

  it('a second account of the same provider is a second connection when Terra has both', async () => {
    const attempt = await atReturn({ account: 'second@example.com' });
    expect(await returns(attempt)).toBe('connected');
    const [second, first, ...others] = await connectionsOf(service, attempt.referenceId);
    expect([first, others]).toEqual([attempt.before, []]);
    expect(second).toMatchObject({ status: 'active', terraUserId: attempt.newUserId });
    const session = await readSession(service, attempt.session.id);
    expect(session).toMatchObject({ status: 'completed', connections: [{ id: second?.id }] });
    await arrives('auth');
    expect(await connectionsOf(service, attempt.referenceId)).toMatchObject([
      { id: second?.id, status: 'active', terraUserId: attempt.newUserId },
      first ?? {},
    ]);
    const linked = loggedLines(service, 'connection.linked').filter(
      ({ connectionId }) => connectionId === second?.id,
    );
    expect(linked).toHaveLength(1);
  });

  it('a reconnect is recognised also if Terra removes the old Terra user half a second after it', async () => {
    const attempt = await atReturn({ behaviour: { sendUserReauth: false } });
    const { users } = service.sandbox.account;
    const renewed = users.get(attempt.newUserId ?? '');
    if (!renewed) throw new Error('The sandbox has no new user.');
    users.set(attempt.before.terraUserId, { ...renewed, userId: attempt.before.terraUserId });
    setTimeout(() => users.delete(attempt.before.terraUserId), 500);
    expect(await returns(attempt)).toBe('connected');
    await expectContinued(attempt);
  });

  it('several workers settle a connection only one time', async () => {
    const attempt = await atReturn({ behaviour: { sendUserReauth: false } });
    await arrives('auth');
    const asked = (): number =>
      service.sandbox.requests.filter(({ path }) => path.endsWith('/userInfo')).length;
    await Promise.all([1, 2, 3].map(() => announcer().runOnce()));
    // One question about each of the two Terra users.
    expect(asked()).toBeLessThanOrEqual(2);
    await expectContinued(attempt);
  });

  // From here on, Terra fails, so the circuit of its API may be open.
  it('user_reauth settles the question also while Terra’s API is down', async () => {
    const attempt = await atReturn({});
    await arrives('auth');
    Object.assign(service.sandbox.behaviour, silent);
    await arrives('user_reauth');
    await announcer().runOnce();
    await expectContinued(attempt);
  });

  it('R5: a second connection is visible within eight seconds if Terra does not say whether it has the first', async () => {
    const attempt = await atReturn({ behaviour: { sendUserReauth: false } });
    await arrives('auth');
    Object.assign(service.sandbox.behaviour, silent);
    const startedAt = Date.now();
    await announcer().runOnce();
    expect(Date.now() - startedAt).toBeLessThan(8_000);
    const connections = await connectionsOf(service, attempt.referenceId);
    expect(connections.map(({ terraUserId }) => terraUserId).sort()).toEqual(
      [attempt.before.terraUserId, attempt.newUserId].sort(),
    );
    expect((await readSession(service, attempt.session.id)).status).toBe('completed');
  });

  it('a first connection of an end user and provider is never provisional, and Terra is asked nothing more', async () => {
    const referenceId = newReference();
    service.sandbox.account.connect({ provider: 'OURA', referenceId });
    await service.sandbox.idle();
    const asked = service.sandbox.requests.length;
    const inbox = service.app.get(WebhookInboxWorker, { strict: false });
    while (await inbox.runOnce());
    expect(await connectionsOf(service, referenceId)).toMatchObject([{ status: 'active' }]);
    expect(await announcer().runOnce()).toBe(false);
    expect(service.sandbox.requests).toHaveLength(asked);
  });
});
