import { ProviderRetirementWorker } from '../src/provider-retirement';
import { startTestApp, type TestApp } from './support/app';
import {
  connectionsOf,
  newReference,
  readSession,
  shiftClock,
  startSession,
  stateOf,
  visit,
  type ConnectionAnswer,
  type SessionAnswer,
} from './support/flow';
import { connectThroughWidget } from './support/sandbox';
import { postWebhook } from './support/webhooks';

type Linked = ConnectionAnswer & { succeeds: string | null; succeededBy: string | null };
type Migration = Record<'moved' | 'notMoved', number> & { items: Linked[]; nextCursor: string | null };

describe('A session for a connection whose provider has ended', () => {
  let service: TestApp;
  beforeAll(async () => (service = await startTestApp()));
  beforeEach(() => service.sandbox.reset());
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => service.close());

  const connect = async (provider: string, referenceId = newReference()): Promise<Linked> => {
    service.sandbox.account.connect({ provider, referenceId });
    await service.drainWebhooks();
    const connections = (await connectionsOf(service, referenceId)) as Linked[];
    return connections.find((one) => one.provider === provider) as Linked;
  };
  const read = async ({ id }: { id: string }): Promise<Linked> =>
    (await service.api<Linked>('GET', `/v1/connections/${id}`)).body;
  const sessionFor = (old: Linked, providers?: string[]): Promise<SessionAnswer> =>
    startSession(service, { referenceId: old.referenceId, connectionId: old.id, providers });
  const successorOf = async (old: Linked): Promise<Linked> => {
    const { succeededBy } = await read(old);
    if (succeededBy === null) throw new Error('No connection succeeds the old one.');
    return read({ id: succeededBy });
  };
  const resend = async (type: string): Promise<void> => {
    const delivery = service.sandbox.deliveries.findLast((one) => one.type === type);
    if (delivery) service.sandbox.resend(delivery.id);
    await service.drainWebhooks();
  };
  const migration = async (query = ''): Promise<Migration> =>
    (await service.api<Migration>('GET', `/v1/providers/fitbit/migration${query}`)).body;

  it('offers the successor when Terra no longer offers the provider', async () => {
    const old = await connect('FITBIT');
    expect(await sessionFor(old)).toMatchObject({ providers: ['GOOGLE_HEALTH'], connectionId: old.id });
    expect(await sessionFor(old, ['google_health'])).toMatchObject({ providers: ['GOOGLE_HEALTH'] });
    const garmin = await connect('GARMIN');
    expect(await sessionFor(garmin)).toMatchObject({ providers: ['GARMIN'] });
  });

  it('rejects a provider that is neither that of the connection nor a successor', async () => {
    const [fitbit, garmin] = [await connect('FITBIT'), await connect('GARMIN')];
    for (const [{ id: connectionId, referenceId }, provider] of [
      [fitbit, 'OURA'],
      [garmin, 'GOOGLE_HEALTH'],
    ] as const) {
      const body = { referenceId, connectionId, providers: [provider] };
      const answer = await service.api('POST', '/v1/connect-sessions', { body });
      expect([answer.status, JSON.stringify(answer.body)]).toEqual([
        422,
        expect.stringContaining('can only name the provider of the connection or a successor'),
      ]);
    }
  });

  it.each([
    ['callback', 'auth'],
    ['auth', 'callback'],
  ])(
    'links the new connection with the old one, and ends the old one, in the order %s, %s',
    async (...order) => {
      const old = await connect('FITBIT');
      const session = await sessionFor(old);
      service.sandbox.behaviour.webhooks = 'off';
      const callbackUrl = await connectThroughWidget(session.widgetUrl, { provider: 'GOOGLE_HEALTH' });
      for (const step of [...order, ...order]) {
        if (step === 'callback') await visit(callbackUrl);
        else await resend('auth');
      }
      const successor = await successorOf(old);
      expect(successor).toMatchObject({ provider: 'GOOGLE_HEALTH', status: 'active', succeeds: old.id });
      expect(await read(old)).toMatchObject({ status: 'disconnecting', provider: 'FITBIT' });
      expect((await readSession(service, session.id)).connections.map(({ id }) => id)).toEqual([
        successor.id,
      ]);

      service.sandbox.behaviour.webhooks = 'on';
      await service.drainDeauthentications();
      expect(await read(old)).toMatchObject({ status: 'disconnected', statusReason: 'disconnected_by_us' });
      const requests = await service.query(
        `SELECT actor, reason, status FROM terra_connect.deauthentications WHERE connection_id = $1`,
        [old.id],
      );
      expect(requests).toEqual([{ actor: 'succession', reason: 'succeeded', status: 'confirmed' }]);
      const { body } = await service.api<{ items: object[] }>('GET', `/v1/connections/${old.id}/history`);
      expect(body.items).toContainEqual(expect.objectContaining({ cause: 'succeeded', origin: 'us' }));
    },
  );

  it('keeps the old connection until the new one is active', async () => {
    const old = await connect('FITBIT');
    const session = await sessionFor(old);
    service.sandbox.behaviour.webhooks = 'off';
    const callbackUrl = await connectThroughWidget(session.widgetUrl, { provider: 'GOOGLE_HEALTH' });
    const [, user] = service.sandbox.account.usersOf(old.referenceId);
    // Its error is known before it is linked, and has a later time.
    service.sandbox.account.reportConnectionError(user?.userId as string);
    await resend('connection_error');
    await resend('auth');
    shiftClock(service, -60);
    await visit(callbackUrl);
    jest.restoreAllMocks();
    const before = await successorOf(old);
    expect(before).toMatchObject({ status: 'needs_reauth', succeeds: old.id });
    expect(await read(old)).toMatchObject({ status: 'active', succeededBy: before.id });
    // The end user connects the new account once more.
    service.sandbox.behaviour.webhooks = 'on';
    service.sandbox.account.connect({ provider: 'GOOGLE_HEALTH', referenceId: old.referenceId });
    await service.drainWebhooks();
    expect(await successorOf(old)).toMatchObject({ id: before.id, status: 'active' });
    expect(await read(old)).toMatchObject({ status: 'disconnecting' });
  });

  it('does not end an old connection that the end user connects again later', async () => {
    const old = await connect('FITBIT');
    const session = await sessionFor(old);
    await visit(await connectThroughWidget(session.widgetUrl, { provider: 'GOOGLE_HEALTH' }));
    await service.drainWebhooks();
    await service.drainDeauthentications();
    const successor = await successorOf(old);
    const user = (id: string): object => ({ user_id: id, provider: 'FITBIT', reference_id: old.referenceId });
    const users = { old_user: user(old.terraUserId), new_user: user(`${old.terraUserId}-2`) };
    await postWebhook(
      service,
      { type: 'user_reauth', status: 'success', ...users },
      { occurredAt: new Date() },
    );
    await service.drainWebhooks();
    expect(await read(old)).toMatchObject({ status: 'active', succeededBy: successor.id });
    // A later fact about the successor, which is active.
    service.sandbox.account.changePermissions(successor.terraUserId, { remove: ['sleep'] });
    await service.drainWebhooks();
    expect(await read(old)).toMatchObject({ status: 'active' });
  });

  it('keeps its link when the new connection is merged into another one of the same account', async () => {
    const old = await connect('FITBIT');
    const { referenceId } = old;
    service.sandbox.account.connect({ provider: 'GOOGLE_HEALTH', referenceId, providerAccount: 'first' });
    await service.drainWebhooks();
    const earlier = (await connectionsOf(service, referenceId)).find(({ id }) => id !== old.id) as Linked;
    const session = await sessionFor(old);
    await visit(await connectThroughWidget(session.widgetUrl, { provider: 'GOOGLE_HEALTH' }));
    await service.drainWebhooks();
    const merged = await successorOf(old);
    expect(merged.id).not.toBe(earlier.id);
    const user = (id: string): object => ({
      user_id: id,
      provider: 'GOOGLE_HEALTH',
      reference_id: referenceId,
    });
    const users = { old_user: user(earlier.terraUserId), new_user: user(merged.terraUserId) };
    await postWebhook(service, { type: 'user_reauth', status: 'success', ...users });
    await service.drainWebhooks();
    expect(await read(merged)).toMatchObject({ id: earlier.id, succeeds: old.id });
    expect(await read(old)).toMatchObject({ succeededBy: earlier.id });
  });

  it('says how many have moved, and lists who has not', async () => {
    const before = await migration('?limit=1');
    const [moves, stays, ends] = [await connect('FITBIT'), await connect('FITBIT'), await connect('FITBIT')];
    const movesAlone = await connect('FITBIT');
    await visit(
      await connectThroughWidget((await sessionFor(moves)).widgetUrl, { provider: 'GOOGLE_HEALTH' }),
    );
    await connect('GOOGLE_HEALTH', movesAlone.referenceId);
    service.sandbox.account.revokeAccess(ends.terraUserId);
    await service.drainWebhooks();
    const after = await migration();
    expect([after.moved - before.moved, after.notMoved - before.notMoved]).toEqual([2, 1]);
    const ids = after.items.map(({ id }) => id);
    expect(ids[0]).toBe(stays.id);
    expect(ids).toHaveLength(after.notMoved);
    for (const gone of [moves, ends, movesAlone]) expect(ids).not.toContain(gone.id);
    const first = await migration('?limit=1');
    expect(first.items).toMatchObject([{ id: stays.id }]);
    const second = first.nextCursor ? await migration(`?limit=1&cursor=${first.nextCursor}`) : first;
    expect([...first.items, ...second.items].slice(0, 2).map(({ id }) => id)).toEqual(ids.slice(0, 2));
  });

  it('knows no migration of a provider that goes on', async () => {
    const answer = await service.api('GET', '/v1/providers/GARMIN/migration');
    expect(answer).toMatchObject({ status: 404, body: { code: 'provider.not_ended' } });
  });

  it('plays through as the scenario provider-retired says', async () => {
    const referenceId = newReference();
    await service.sandbox.play('provider-retired', { referenceId });
    await service.drainWebhooks();
    const worker = service.app.get(ProviderRetirementWorker, { strict: false });
    for (const hours of [1, 2]) {
      shiftClock(service, hours * 3_601);
      while (await worker.runOnce());
    }
    jest.restoreAllMocks();
    const [old] = (await connectionsOf(service, referenceId)) as [Linked];
    expect(old).toMatchObject({
      provider: 'FITBIT',
      status: 'needs_reauth',
      statusReason: 'provider_retired',
    });
    const session = await sessionFor(old);
    await visit(await connectThroughWidget(session.widgetUrl, { provider: 'GOOGLE_HEALTH' }));
    await service.drainWebhooks();
    await service.drainDeauthentications();
    expect(await successorOf(old)).toMatchObject({ provider: 'GOOGLE_HEALTH', status: 'active' });
    expect(await read(old)).toMatchObject({ status: 'disconnected' });
    const { connections, connection_facts, deauthentications } = await stateOf(service);
    for (const type of ['auth', 'deauth']) await resend(type);
    expect(await stateOf(service)).toMatchObject({ connections, connection_facts, deauthentications });
  });
});
