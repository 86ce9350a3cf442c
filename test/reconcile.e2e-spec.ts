import { startTestApp, type TestApp } from './support/app';
import { connectionsOf, newReference, shiftClock } from './support/flow';
import {
  linkEndUsers,
  reconcile,
  reconcileActions,
  reconciledState,
  resetTerra,
  withWebhooksLost,
} from './support/reconciliation';

const MINUTE = 60;
const HOUR = 60 * MINUTE;

let service: TestApp;
beforeAll(async () => (service = await startTestApp()));
afterAll(() => service.close());
beforeEach(() => resetTerra(service));
afterEach(() => jest.restoreAllMocks());

const account = (): TestApp['sandbox']['account'] => service.sandbox.account;
const actions = (referenceId: string): Promise<string[]> => reconcileActions(service, referenceId);

describe('A reconcile', () => {
  it.each(['array', 'users', 'user'] as const)(
    'links the account of a lost auth event, with the answer in the shape %s',
    async (shape) => {
      service.sandbox.behaviour.userInfoShape = shape;
      const referenceId = newReference();
      const { userId } = withWebhooksLost(service, () =>
        account().connect({ provider: 'OURA', referenceId }),
      );

      const { status, body } = await reconcile(service, referenceId);
      expect(status).toBe(200);
      expect(body).toMatchObject({
        referenceId,
        terraUsers: 1,
        conclusion: 'corrected',
        changes: [{ action: 'link', terraUserId: userId, connectionId: null }],
      });
      expect(await connectionsOf(service, referenceId)).toMatchObject([
        { terraUserId: userId, provider: 'OURA', status: 'active' },
      ]);
      expect((await reconcile(service, referenceId)).body).toMatchObject({
        conclusion: 'no_difference',
        changes: [],
      });
    },
  );

  it.each(['array', 'users', 'user'] as const)(
    'misses none of several accounts, even if an answer in the shape %s lists only one',
    async (shape) => {
      const referenceId = newReference();
      for (const provider of ['GARMIN', 'OURA', 'GOOGLE_HEALTH'])
        account().connect({ provider, referenceId });
      await service.drainWebhooks();
      service.sandbox.behaviour.userInfoShape = shape;
      expect((await reconcile(service, referenceId)).body).toMatchObject({
        terraUsers: 3,
        conclusion: 'no_difference',
      });
    },
  );

  it.each(['404', 'empty'] as const)(
    'ends a connection at its second absence an hour later when its deauth event is lost, with the answer %s',
    async (unknownReference) => {
      service.sandbox.behaviour.unknownReference = unknownReference;
      const [endUser] = await linkEndUsers(service, 1);
      const { userId, referenceId } = endUser as { userId: string; referenceId: string };
      account().remove(userId);

      const first = await reconcile(service, referenceId);
      expect(first.body).toMatchObject({ conclusion: 'waiting', changes: [{ action: 'mark_missing' }] });
      shiftClock(service, 59 * MINUTE);
      expect(await actions(referenceId)).toEqual(['still_missing']);
      expect(await connectionsOf(service, referenceId)).toMatchObject([{ status: 'active' }]);
      shiftClock(service, 61 * MINUTE);
      expect(await actions(referenceId)).toEqual(['end_absent']);
      expect(await connectionsOf(service, referenceId)).toMatchObject([
        { status: 'disconnected', statusReason: 'absent' },
      ]);
      expect(await actions(referenceId)).toEqual([]);
    },
  );

  it('does not end an account that was missing once and is listed again', async () => {
    const [endUser] = await linkEndUsers(service, 1);
    const { userId, referenceId } = endUser as { userId: string; referenceId: string };
    const user = account().remove(userId);
    expect(await actions(referenceId)).toEqual(['mark_missing']);
    if (user) account().users.set(userId, user);
    expect(await actions(referenceId)).toEqual(['mark_seen']);
    account().remove(userId);
    shiftClock(service, 2 * HOUR);
    // The count starts again, because a connection ends only after two absences in a row.
    expect(await actions(referenceId)).toEqual(['mark_missing']);
    expect(await connectionsOf(service, referenceId)).toMatchObject([{ status: 'active' }]);
  });

  it('reactivates an absent account when Terra lists it again', async () => {
    const [endUser] = await linkEndUsers(service, 1);
    const { userId, referenceId } = endUser as { userId: string; referenceId: string };
    const user = account().remove(userId);
    await reconcile(service, referenceId);
    shiftClock(service, 2 * HOUR);
    await reconcile(service, referenceId);
    const [ended] = await connectionsOf(service, referenceId);
    expect(ended).toMatchObject({ status: 'disconnected' });
    if (user) account().users.set(userId, user);
    shiftClock(service, 3 * HOUR);
    expect(await actions(referenceId)).toEqual(['link_again']);
    expect(await connectionsOf(service, referenceId)).toMatchObject([{ id: ended?.id, status: 'active' }]);
  });

  it('adopts the scopes that Terra lists', async () => {
    const [endUser] = await linkEndUsers(service, 1);
    const { userId, referenceId } = endUser as { userId: string; referenceId: string };
    withWebhooksLost(service, () => account().changePermissions(userId, { add: ['EXTRA'] }));
    expect(await actions(referenceId)).toEqual(['update_scopes']);
    const [connection] = await connectionsOf(service, referenceId);
    expect(connection?.scopes).toContain('EXTRA');
    expect(await actions(referenceId)).toEqual([]);
  });

  it('recovers an account with a connection error after new data has arrived, and not before', async () => {
    const [endUser] = await linkEndUsers(service, 1);
    const { userId, referenceId } = endUser as { userId: string; referenceId: string };
    account().reportConnectionError(userId);
    await service.drainWebhooks();
    expect(await connectionsOf(service, referenceId)).toMatchObject([{ status: 'needs_reauth' }]);
    // Terra lists `active: true` all the time, which is no proof of recovery.
    expect(await actions(referenceId)).toEqual([]);
    withWebhooksLost(service, () => account().sendData(userId));
    expect(await actions(referenceId)).toEqual(['recover']);
    expect(await connectionsOf(service, referenceId)).toMatchObject([{ status: 'active' }]);
  });

  it('makes no connection from a user id that Terra issues before the end user agrees', async () => {
    const referenceId = newReference();
    const user = account().preallocate('GARMIN', referenceId);
    user.isAuthenticated = true;
    expect(await actions(referenceId)).toEqual(['not_authenticated']);
    expect(await connectionsOf(service, referenceId)).toEqual([]);
  });

  it('reports an account under another reference and never moves it (T-16)', async () => {
    const [endUser] = await linkEndUsers(service, 1);
    const { userId, referenceId } = endUser as { userId: string; referenceId: string };
    const other = newReference();
    if (endUser) endUser.referenceId = other;
    const before = await reconciledState(service);
    for (const asked of [referenceId, other]) {
      expect((await reconcile(service, asked)).body).toMatchObject({
        conclusion: 'needs_operator',
        changes: [{ action: 'owner_conflict', terraUserId: userId }],
      });
    }
    expect(await reconciledState(service)).toEqual(before);
  });

  it('reports an account that Terra lists after a webhook ended it, and keeps it disconnected', async () => {
    const [endUser] = await linkEndUsers(service, 1);
    const { userId, referenceId } = endUser as { userId: string; referenceId: string };
    account().revokeAccess(userId);
    await service.drainWebhooks();
    if (endUser) account().users.set(userId, endUser);
    shiftClock(service, MINUTE);
    expect(await actions(referenceId)).toEqual(['contradiction']);
    expect(await connectionsOf(service, referenceId)).toMatchObject([
      { status: 'disconnected', statusReason: 'access_revoked' },
    ]);
  });

  it('disconnects an account again when Terra still lists it after our disconnect', async () => {
    const [endUser] = await linkEndUsers(service, 1);
    const { userId, referenceId } = endUser as { userId: string; referenceId: string };
    const [connection] = await connectionsOf(service, referenceId);
    await service.api('DELETE', `/v1/connections/${connection?.id}`);
    await service.drainDeauthentications();
    expect(await connectionsOf(service, referenceId)).toMatchObject([{ status: 'disconnected' }]);

    if (endUser) account().users.set(userId, endUser);
    shiftClock(service, MINUTE);
    expect(await actions(referenceId)).toEqual(['disconnect_again']);
    await service.drainDeauthentications();
    expect(account().users.has(userId)).toBe(false);
    expect(await connectionsOf(service, referenceId)).toMatchObject([{ status: 'disconnected' }]);
    const requests = await service.query(
      `SELECT actor, reason, status FROM terra_connect.deauthentications WHERE terra_user_id = $1 ORDER BY id`,
      [userId],
    );
    expect(requests).toHaveLength(2);
    expect(requests[1]).toEqual({ actor: 'reconcile', reason: 'still listed at Terra', status: 'confirmed' });
  });
});

describe('A webhook and a reconcile of the same account', () => {
  it('make one connection when they run at the same time', async () => {
    const references = Array.from({ length: 6 }, () => newReference());
    for (const referenceId of references) account().connect({ provider: 'GARMIN', referenceId });
    await service.sandbox.idle();
    const reconciles = references.flatMap((referenceId) =>
      [1, 2, 3].map(() => reconcile(service, referenceId)),
    );
    const answers = await Promise.all([...reconciles, service.drainWebhooks()]);
    expect(answers.map((answer) => answer?.status ?? 200)).toEqual(answers.map(() => 200));
    for (const referenceId of references) {
      const [user] = account().usersOf(referenceId);
      expect(await connectionsOf(service, referenceId)).toMatchObject([
        { terraUserId: user?.userId, status: 'active' },
      ]);
    }
  });

  it('keep the id of the connection when the reconcile finds the new Terra user first', async () => {
    const [endUser] = await linkEndUsers(service, 1);
    const referenceId = endUser?.referenceId ?? '';
    const [before] = await connectionsOf(service, referenceId);
    // The webhook is late: the reconcile runs first and finds one Terra user unknown and one missing.
    service.sandbox.behaviour.webhooks = 'off';
    const { userId } = account().connect({ provider: 'GARMIN', referenceId });
    expect(await actions(referenceId)).toEqual(['link', 'mark_missing']);
    service.sandbox.behaviour.webhooks = 'on';
    for (const { id, state } of service.sandbox.deliveries)
      if (state === 'dropped') service.sandbox.resend(id);
    await service.drainWebhooks();
    expect(await connectionsOf(service, referenceId)).toMatchObject([
      { id: before?.id, terraUserId: userId, status: 'active' },
    ]);
  });
});
