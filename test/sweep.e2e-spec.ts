import type { FaultStep } from '../sandbox/behaviour';
import { SweepsService, SweepWorker } from '../src/reconciliation';
import { startTestApp, type TestApp } from './support/app';
import { connectionsOf, newReference, shiftClock } from './support/flow';
import {
  reconcileDue,
  reconciledState,
  linkEndUsers,
  linkedAtTerra,
  linkedInDatabase,
  sweep,
  withWebhooksLost,
} from './support/reconciliation';

const MINUTE = 60;
const HOUR = 60 * MINUTE;

let service: TestApp;
beforeEach(async () => (service = await startTestApp()));
afterEach(async () => {
  jest.restoreAllMocks();
  await service.close();
});

const account = (): TestApp['sandbox']['account'] => service.sandbox.account;
const logged = (event: string): Record<string, unknown>[] =>
  service.log
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter((line) => line.event === event);
const pagesRequested = (): string[] =>
  service.sandbox.requests
    .filter(({ path }) => path.endsWith('/subscriptions'))
    .map(({ query }) => String(query.page));
/** The number of `ended` facts, so that a test notices each end, even if the connection is active again later. */
const endedFacts = async (): Promise<number> => {
  const [row] = await service.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM terra_connect.connection_facts WHERE kind = 'ended'`,
  );
  return row?.count ?? -1;
};

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
    expect(logged('sweep.unreadable_users')).toMatchObject([{ unreadable: 1 }]);
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

describe('The safety threshold of a sweep (T-23)', () => {
  it.each<[string, () => void]>([
    ['an empty list', () => (service.sandbox.behaviour.emptyLists = true)],
    ['the empty list of another environment', () => account().users.clear()],
  ])('ends no connection and alerts the operator when Terra sends %s for a whole day', async (_, arrange) => {
    await linkEndUsers(service, 24);
    arrange();
    const before = await endedFacts();
    for (let hour = 0; hour <= 26; hour += 1) {
      shiftClock(service, hour * HOUR);
      expect((await sweep(service)).sweep).toMatchObject({
        status: 'awaiting_approval',
        approvalReason: 'empty_list',
        usersSeen: 0,
        applied: 0,
      });
      await reconcileDue(service);
    }
    expect(await endedFacts()).toBe(before);
    expect(await linkedInDatabase(service)).toHaveLength(24);
    expect(logged('sweep.awaiting_approval')[0]).toMatchObject({
      level: 'error',
      approvalReason: 'empty_list',
      live: 24,
    });
    const { body } = await service.api<string>('GET', '/metrics');
    expect(body).toMatch(/terra_connect_sweeps_awaiting_approval 27\n/);
    expect(body).toMatch(/terra_connect_sweeps_total\{status="awaiting_approval"\} 27\n/);
  });

  it('stops every change when too many accounts are missing, until an operator approves', async () => {
    const endUsers = await linkEndUsers(service, 30);
    for (const { userId } of endUsers.slice(0, 11)) account().remove(userId);
    const before = await reconciledState(service);
    const { sweep: awaiting, counts } = await sweep(service);
    expect(awaiting).toMatchObject({
      status: 'awaiting_approval',
      approvalReason: 'too_many_changes',
      changes: 11,
      applied: 0,
    });
    expect(counts).toEqual({ mark_missing: 11 });
    expect(await reconciledState(service)).toEqual(before);

    const forced = await sweep(service, { force: true });
    expect(forced.sweep).toMatchObject({ id: awaiting.id, status: 'completed', forced: true, applied: 11 });
    // A first absence ends no connection, even with force.
    expect(await linkedInDatabase(service)).toHaveLength(30);
    shiftClock(service, 2 * HOUR);
    expect((await sweep(service)).sweep.status).toBe('awaiting_approval');
    expect((await sweep(service, { force: true })).counts).toEqual({ end_absent: 11 });
    expect(await linkedInDatabase(service)).toHaveLength(19);
  });

  it('lets the sweep of a complete list overtake the one that awaits approval', async () => {
    await linkEndUsers(service, 3);
    service.sandbox.behaviour.emptyLists = true;
    const { sweep: awaiting } = await sweep(service);
    service.sandbox.behaviour.emptyLists = false;
    expect((await sweep(service)).sweep).toMatchObject({ status: 'completed', changes: 0 });
    expect((await service.api('GET', `/v1/sweeps/${awaiting.id}`)).body).toMatchObject({
      status: 'overtaken',
    });
  });

  it('allows up to ten changes without approval, and a tenth of many', async () => {
    const endUsers = await linkEndUsers(service, 12);
    for (const { userId } of endUsers.slice(0, 10)) account().remove(userId);
    expect((await sweep(service)).sweep).toMatchObject({ status: 'completed', applied: 10 });
  });

  it('makes an approved sweep check its findings again, even days later', async () => {
    const endUsers = await linkEndUsers(service, 13);
    for (const { userId } of endUsers.slice(1)) account().remove(userId);
    expect((await sweep(service)).sweep).toMatchObject({ status: 'awaiting_approval', changes: 12 });
    for (const user of endUsers) account().users.set(user.userId, user);
    account().deauthenticate(endUsers[1]?.userId ?? '');
    await service.drainWebhooks();
    shiftClock(service, 48 * HOUR);
    const { findings } = await sweep(service, { force: true });
    const outcomes = findings.map(({ terraUserId, outcome }) => [terraUserId, outcome]);
    expect(outcomes).toContainEqual([endUsers[1]?.userId, 'overtaken']);
    expect(await linkedInDatabase(service)).toHaveLength(12);
  });
});

describe('A sweep that cannot read from Terra', () => {
  const repeat = (step: FaultStep): FaultStep[] => Array.from({ length: 8 }, () => step);

  it.each<[string, Partial<TestApp['sandbox']['behaviour']>, string]>([
    ['wrong credentials', { rejectCredentials: true }, 'terra.bad_credentials'],
    ['a bare 404', { failWith: repeat(404) }, 'terra.endpoint_missing'],
    ['HTML', { failWith: repeat('html') }, 'terra.unavailable'],
    ['truncated JSON', { failWith: repeat('truncated') }, 'terra.malformed_answer'],
    ['50 MB', { failWith: repeat('huge') }, 'terra.malformed_answer'],
    ['200 with status "error"', { okWithStatusError: true }, 'terra.rejected'],
  ])('fails, changes nothing and logs the cause: %s', async (_, behaviour, code) => {
    const endUsers = await linkEndUsers(service, 3);
    for (const { userId } of endUsers) account().remove(userId);
    const before = await reconciledState(service);
    Object.assign(service.sandbox.behaviour, behaviour);
    expect((await sweep(service)).sweep).toMatchObject({ status: 'failed', errorCode: code, applied: 0 });
    expect(await reconciledState(service)).toEqual(before);
    expect(logged('sweep.failed')).toMatchObject([{ level: 'error', error: code, phase: 'reading' }]);
  });

  it('is resumed by the next sweep at the third page, which failed, so that no user is read twice', async () => {
    await linkEndUsers(service, 2);
    withWebhooksLost(service, () => {
      for (let index = 0; index < 1_600; index += 1)
        account().connect({ provider: 'GARMIN', referenceId: `many-${index}` });
    });
    Object.assign(service.sandbox.behaviour, {
      faultsOnlyOn: '/subscriptions',
      failWith: ['ok', 'ok', 401],
    });
    const { sweep: failed } = await sweep(service);
    expect(failed).toMatchObject({ status: 'failed', errorCode: 'terra.bad_credentials', usersSeen: 1_000 });
    const { sweep: done } = await sweep(service);
    expect(done).toMatchObject({
      id: failed.id,
      usersSeen: 1_602,
      changes: 1_600,
      approvalReason: 'too_many_changes',
    });
    expect(pagesRequested()).toEqual(['0', '1', '2', '2', '3']);
    expect(logged('sweep.started')).toHaveLength(1);
    expect(logged('sweep.resumed')).toMatchObject([{ sweepId: failed.id, phase: 'reading', nextPage: 2 }]);
  });

  it('retries until a short failure is over', async () => {
    await linkEndUsers(service, 2);
    Object.assign(service.sandbox.behaviour, { faultsOnlyOn: '/subscriptions', failWith: [503, 503] });
    expect((await sweep(service)).sweep).toMatchObject({ status: 'completed', usersSeen: 2 });
  });
});

describe('Sweeps and processes', () => {
  it('a sweep is rejected while another one runs', async () => {
    await linkEndUsers(service, 2);
    const sweeps = service.app.get(SweepsService, { strict: false });
    const results = await Promise.allSettled([1, 2, 3].map(() => sweeps.startAndRun({ actor: 'test' })));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await service.query(`SELECT count(*)::int FROM terra_connect.sweeps`)).toEqual([{ count: 1 }]);
  });

  it('another process resumes a sweep where its killed process stopped', async () => {
    withWebhooksLost(service, () => {
      for (let index = 0; index < 1_100; index += 1)
        account().connect({ provider: 'GARMIN', referenceId: `many-${index}` });
    });
    const sweeps = service.app.get(SweepsService, { strict: false });
    let steps = 0;
    const abortedAfterTwoPages = {
      get aborted() {
        return (steps += 1) > 2;
      },
    };
    await sweeps.startAndRun({ actor: 'test' }, abortedAfterTwoPages as AbortSignal);
    expect(pagesRequested()).toEqual(['0', '1']);
    // A killed process does not release its lease, so the lease is still valid.
    await service.query(
      `UPDATE terra_connect.sweeps SET lease_owner = gen_random_uuid(), lease_until = now() + interval '1 minute'`,
    );
    expect(await sweeps.takeUp()).toBeNull();
    shiftClock(service, 3 * MINUTE);
    expect(await sweeps.takeUp()).toMatchObject({ status: 'awaiting_approval', usersSeen: 1_100 });
    expect(pagesRequested()).toEqual(['0', '1', '2']);
  });

  it('a process stops writing when another process has taken over its sweep', async () => {
    await linkEndUsers(service, 2);
    const sweeps = service.app.get(SweepsService, { strict: false });
    const steal = async (): Promise<void> => {
      await service.query(`UPDATE terra_connect.sweeps SET lease_owner = gen_random_uuid()`);
    };
    service.sandbox.behaviour.delayMs = 300;
    const running = sweeps.startAndRun({ actor: 'test' });
    await new Promise((resolve) => setTimeout(resolve, 150));
    await steal();
    await running;
    expect(await service.query(`SELECT status, users_seen FROM terra_connect.sweeps`)).toEqual([
      { status: 'running', users_seen: 0 },
    ]);
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

describe('One sweep makes all connections agree with Terra', () => {
  /** The sweep, and an hour later the reconcile that sees missing accounts absent a second time. */
  const sweepAndConfirm = async (after: number): Promise<void> => {
    shiftClock(service, after);
    expect((await sweep(service)).sweep.status).toBe('completed');
    await service.drainDeauthentications();
    shiftClock(service, after + HOUR + MINUTE);
    await reconcileDue(service);
  };

  it.each([12, 48])('after Terra was down for %d hours and its webhooks were lost (R6)', async (hours) => {
    const endUsers = await linkEndUsers(service, 30);
    // Webhooks stay off, because the sandbox would sign them with its own clock, which the test does not shift.
    Object.assign(service.sandbox.behaviour, { down: true, webhooks: 'off' });
    const [first, second, third, fourth, fifth] = endUsers.map(({ userId }) => userId);
    const before = await reconciledState(service);
    account().deauthenticate(first ?? '');
    account().revokeAccess(second ?? '');
    account().changePermissions(third ?? '', { add: ['EXTRA'] });
    account().connect({ provider: 'GARMIN', referenceId: endUsers[3]?.referenceId ?? null });
    for (const referenceId of ['new-1', 'new-2']) account().connect({ provider: 'OURA', referenceId });
    expect(account().users.has(fourth ?? '')).toBe(false);
    // The service repeats each call to Terra. With this, its pauses are the shortest that the jitter allows.
    jest.spyOn(Math, 'random').mockReturnValue(0);
    for (let hour = 0; hour < hours; hour += 4) {
      shiftClock(service, hour * HOUR);
      await sweep(service);
      await reconcileDue(service);
    }
    expect(await reconciledState(service)).toEqual(before);
    // While Terra is down, the service accepts a disconnect immediately and does it later.
    const [requested] = await connectionsOf(service, endUsers[4]?.referenceId ?? '');
    expect((await service.api('DELETE', `/v1/connections/${requested?.id}`)).status).toBe(202);

    service.sandbox.behaviour.down = false;
    await sweepAndConfirm(hours * HOUR);
    await service.drainDeauthentications();
    expect(account().users.has(fifth ?? '')).toBe(false);
    expect(await linkedInDatabase(service)).toEqual(linkedAtTerra(service));
    expect((await connectionsOf(service, endUsers[2]?.referenceId ?? ''))[0]?.scopes).toContain('EXTRA');
  });

  it('after a backup of yesterday was restored (R14)', async () => {
    const endUsers = await linkEndUsers(service, 30);
    const tables = ['connections', 'connection_identities', 'connection_facts', 'webhook_events'];
    for (const table of tables)
      await service.query(`CREATE TABLE ${table}_backup AS TABLE terra_connect.${table}`);

    const [first, second, third] = endUsers;
    account().deauthenticate(first?.userId ?? '');
    account().connect({ provider: 'GARMIN', referenceId: second?.referenceId ?? null });
    account().changePermissions(third?.userId ?? '', { add: ['EXTRA'] });
    for (let index = 0; index < 4; index += 1) await linkEndUsers(service, 1, 'OURA');
    expect(await linkedInDatabase(service)).toEqual(linkedAtTerra(service));

    await service.query(`TRUNCATE terra_connect.connections CASCADE`);
    await service.query(`TRUNCATE terra_connect.connection_facts, terra_connect.webhook_events`);
    for (const table of tables)
      await service.query(`INSERT INTO terra_connect.${table} TABLE ${table}_backup`);
    expect(await linkedInDatabase(service)).not.toEqual(linkedAtTerra(service));

    await sweepAndConfirm(MINUTE);
    expect(await linkedInDatabase(service)).toEqual(linkedAtTerra(service));
    expect((await connectionsOf(service, third?.referenceId ?? ''))[0]?.scopes).toContain('EXTRA');
  });
});
