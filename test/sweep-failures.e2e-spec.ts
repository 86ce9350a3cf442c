import { SweepsService } from '../src/reconciliation';
import { loggedLines, startTestApp, type TestApp } from './support/app';
import { shiftClock } from './support/flow';
import { linkEndUsers, reconciledState, repeat, sweep, withWebhooksLost } from './support/reconciliation';

const MINUTE = 60;

let service: TestApp;
beforeEach(async () => (service = await startTestApp()));
afterEach(async () => {
  jest.restoreAllMocks();
  await service.close();
});

const account = (): TestApp['sandbox']['account'] => service.sandbox.account;
const pagesRequested = (): string[] =>
  service.sandbox.requests
    .filter(({ path }) => path.endsWith('/subscriptions'))
    .map(({ query }) => String(query.page));

describe('A sweep that cannot read from Terra', () => {
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
    expect(loggedLines(service, 'sweep.failed')).toMatchObject([
      { level: 'error', error: code, phase: 'reading' },
    ]);
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
      approvalReason: 'unknown_users',
    });
    expect(pagesRequested()).toEqual(['0', '1', '2', '2', '3']);
    expect(loggedLines(service, 'sweep.started')).toHaveLength(1);
    expect(loggedLines(service, 'sweep.resumed')).toMatchObject([
      { sweepId: failed.id, phase: 'reading', nextPage: 2 },
    ]);
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
