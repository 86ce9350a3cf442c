import { loggedLines, startTestApp, type TestApp } from './support/app';
import { shiftClock } from './support/flow';
import {
  linkedInDatabase,
  linkEndUsers,
  reconcileDue,
  reconciledState,
  sweep,
} from './support/reconciliation';

const HOUR = 3_600;

let service: TestApp;
beforeEach(async () => (service = await startTestApp()));
afterEach(async () => {
  jest.restoreAllMocks();
  await service.close();
});

const account = (): TestApp['sandbox']['account'] => service.sandbox.account;
/** The number of `ended` facts, so that a test notices each end, even if the connection is active again later. */
const endedFacts = async (): Promise<number> => {
  const [row] = await service.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM terra_connect.connection_facts WHERE kind = 'ended'`,
  );
  return row?.count ?? -1;
};

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
    expect(loggedLines(service, 'sweep.awaiting_approval')[0]).toMatchObject({
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
