import { SweepsService, SweepWorker } from '../src/reconciliation';
import { loggedLines, startTestApp, type TestApp } from './support/app';
import { connectionsOf, newReference, shiftClock } from './support/flow';
import { linkEndUsers, reconciledState, sweep, withWebhooksLost } from './support/reconciliation';

const MINUTE = 60;
const HOUR = 60 * MINUTE;

let service: TestApp;
beforeEach(async () => (service = await startTestApp()));
afterEach(async () => {
  jest.restoreAllMocks();
  await service.close();
});

const account = (): TestApp['sandbox']['account'] => service.sandbox.account;

describe('A sweep', () => {
  it.each(['flat', 'nested'] as const)(
    'finds the accounts that only one side knows, with pages in the shape %s',
    async (shape) => {
      service.sandbox.behaviour.subscriptionsShape = shape;
      const endUsers = await linkEndUsers(service, 4);
      const [gone, scoped] = endUsers;
      account().remove(gone?.userId ?? '');
      withWebhooksLost(service, () => {
        account().changePermissions(scoped?.userId ?? '', { add: ['EXTRA'] });
        account().connect({ provider: 'OURA', referenceId: 'orphan' });
        account().connect({ provider: 'OURA', referenceId: null });
      });

      const { sweep: done, counts } = await sweep(service);
      expect(done).toMatchObject({ status: 'completed', usersSeen: 5, live: 4, changes: 3, applied: 3 });
      expect(counts).toEqual({ link: 1, update_scopes: 1, mark_missing: 1, no_owner: 1 });
      expect(await connectionsOf(service, 'orphan')).toMatchObject([{ provider: 'OURA', status: 'active' }]);
      expect((await connectionsOf(service, scoped?.referenceId ?? ''))[0]?.scopes).toContain('EXTRA');
      // One absence does not prove an end.
      expect(await connectionsOf(service, gone?.referenceId ?? '')).toMatchObject([{ status: 'active' }]);

      shiftClock(service, 2 * HOUR);
      expect((await sweep(service)).counts).toEqual({ end_absent: 1, no_owner: 1 });
      expect(await connectionsOf(service, gone?.referenceId ?? '')).toMatchObject([
        { status: 'disconnected', statusReason: 'absent' },
      ]);
      shiftClock(service, 4 * HOUR);
      expect((await sweep(service)).sweep).toMatchObject({ changes: 0 });
      expect(await service.query(`SELECT * FROM terra_connect.sweep_seen`)).toEqual([]);
    },
  );

  it('does not end an account that the list omits and Terra still knows by id', async () => {
    const [endUser] = await linkEndUsers(service, 3);
    const { userId, referenceId } = endUser as { userId: string; referenceId: string };
    // The list omits the user, as it does when users shift between pages.
    const omitFromList = (): void =>
      void jest
        .spyOn(account(), 'linkedUsers')
        .mockImplementation(() => [...account().users.values()].filter((user) => user.userId !== userId));
    omitFromList();
    expect((await sweep(service)).counts).toEqual({ mark_missing: 1 });
    shiftClock(service, 2 * HOUR);
    omitFromList();
    const { counts, findings } = await sweep(service);
    expect(counts).toEqual({ end_absent: 1 });
    expect(findings).toMatchObject([{ terraUserId: userId, outcome: 'still_there' }]);
    expect(await connectionsOf(service, referenceId)).toMatchObject([{ status: 'active' }]);
  });

  it('never treats a connection made while it reads the pages as missing', async () => {
    await linkEndUsers(service, 2);
    const sweeps = service.app.get(SweepsService, { strict: false });
    const { id } = await sweeps.start({ actor: 'test' });
    // An account is connected after the start. Its removal at Terra hides it, as if the sweep had already read its page.
    const late = account().connect({ provider: 'GARMIN', referenceId: newReference() });
    await service.drainWebhooks();
    account().users.delete(late.userId);
    await sweeps.takeUp();
    expect((await sweeps.report(id)).counts).toEqual({});
    expect(await connectionsOf(service, late.referenceId ?? '')).toMatchObject([{ status: 'active' }]);
  });

  it('counts unreadable users, and then marks no account as missing', async () => {
    const [broken, gone] = await linkEndUsers(service, 3);
    if (broken) broken.provider = '';
    account().remove(gone?.userId ?? '');
    expect(await sweep(service)).toMatchObject({
      sweep: { status: 'completed', unreadable: 1, usersSeen: 1 },
      counts: {},
    });
    expect(loggedLines(service, 'sweep.unreadable_users')).toMatchObject([{ unreadable: 1 }]);
  });

  it('verifies a deauthentication when Terra no longer lists the Terra user', async () => {
    const [endUser] = await linkEndUsers(service, 2);
    const [connection] = await connectionsOf(service, endUser?.referenceId ?? '');
    await service.api('DELETE', `/v1/connections/${connection?.id}`);
    await service.drainDeauthentications();
    const verified = (): Promise<unknown[]> =>
      service.query(`SELECT verified_at IS NOT NULL AS verified FROM terra_connect.deauthentications`);
    expect(await verified()).toEqual([{ verified: false }]);
    shiftClock(service, 5 * MINUTE);
    await sweep(service);
    expect(await verified()).toEqual([{ verified: true }]);
  });

  it('verifies no deauthentication by a list with an entry that it cannot read, which may be its Terra user', async () => {
    const [endUser, broken] = await linkEndUsers(service, 3);
    const [connection] = await connectionsOf(service, endUser?.referenceId ?? '');
    await service.api('DELETE', `/v1/connections/${connection?.id}`);
    await service.drainDeauthentications();
    if (broken) broken.provider = '';
    shiftClock(service, 5 * MINUTE);
    expect((await sweep(service)).sweep).toMatchObject({ status: 'completed', unreadable: 1 });
    const verified = `SELECT verified_at FROM terra_connect.deauthentications WHERE terra_user_id = $1`;
    expect(await service.query(verified, [endUser?.userId])).toEqual([{ verified_at: null }]);
  });

  it('reports its corrections in a dry run, and changes nothing', async () => {
    const [gone] = await linkEndUsers(service, 3);
    account().remove(gone?.userId ?? '');
    withWebhooksLost(service, () => account().connect({ provider: 'OURA', referenceId: 'orphan' }));
    const before = await reconciledState(service);
    const { sweep: done, counts, findings } = await sweep(service, { dryRun: true });
    expect(done).toMatchObject({
      status: 'completed',
      dryRun: true,
      changes: 2,
      applied: 0,
      approvalReason: null,
    });
    expect(counts).toEqual({ link: 1, mark_missing: 1 });
    expect(findings.every(({ outcome }) => outcome === null)).toBe(true);
    expect(await reconciledState(service)).toEqual(before);
  });
});

describe('Schedule and API of sweeps', () => {
  it('the schedule sweeps once a day, sooner after a failure, and immediately on request', async () => {
    await linkEndUsers(service, 2);
    const worker = service.app.get(SweepWorker, { strict: false });
    const count = async (): Promise<number> => {
      await worker.runOnce();
      return (await service.query(`SELECT id FROM terra_connect.sweeps WHERE status = 'completed'`)).length;
    };
    expect(await count()).toBe(1);
    shiftClock(service, 23 * HOUR);
    expect(await count()).toBe(1);
    shiftClock(service, 25 * HOUR);
    service.sandbox.behaviour.rejectCredentials = true;
    expect(await count()).toBe(1);
    service.sandbox.behaviour.rejectCredentials = false;
    expect(await count()).toBe(1);
    shiftClock(service, 25 * HOUR + 16 * MINUTE);
    expect(await count()).toBe(2);

    expect((await service.api('POST', '/v1/sweeps', { body: {} })).status).toBe(202);
    expect(await service.api('POST', '/v1/sweeps', { body: {} })).toMatchObject({
      status: 409,
      body: { code: 'sweep.running' },
    });
    expect(await count()).toBe(3);
    const { body } = await service.api<{ items: { id: string; actor: string }[] }>(
      'GET',
      '/v1/sweeps?limit=2',
    );
    expect(body.items).toHaveLength(2);
    expect(body.items[1]?.actor).toBe('schedule');
    expect((await service.api('GET', `/v1/sweeps/${body.items[0]?.id}`)).body).toMatchObject({
      status: 'completed',
      usersSeen: 2,
      counts: {},
      findings: [],
    });
  });

  it('the API rejects an invalid request, and changes nothing', async () => {
    for (const body of [{ dryRun: 'yes' }, { force: 1 }, { other: true }]) {
      expect(await service.api('POST', '/v1/sweeps', { body })).toMatchObject({
        status: 422,
        body: { code: 'request.invalid' },
      });
    }
    for (const id of ['nonsense', '01980c0e-7b1a-7c3e-9d55-0f2b6f1c9a10']) {
      expect(await service.api('GET', `/v1/sweeps/${id}`)).toMatchObject({
        status: 404,
        body: { code: 'sweep.not_found' },
      });
    }
    expect(await service.api('GET', '/v1/sweeps?cursor=x')).toMatchObject({ status: 422 });
    expect(await service.query(`SELECT * FROM terra_connect.sweeps`)).toEqual([]);
  });
});
