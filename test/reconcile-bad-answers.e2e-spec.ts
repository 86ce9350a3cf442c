import { loggedLines, startTestApp, type TestApp } from './support/app';
import { connectionsOf, shiftClock } from './support/flow';
import {
  linkEndUsers,
  reconcile,
  reconcileActions,
  reconciledState,
  repeat,
  resetTerra,
} from './support/reconciliation';

const HOUR = 3_600;

let service: TestApp;
beforeAll(async () => (service = await startTestApp()));
afterAll(() => service.close());
beforeEach(() => resetTerra(service));
afterEach(() => jest.restoreAllMocks());

const account = (): TestApp['sandbox']['account'] => service.sandbox.account;
const actions = (referenceId: string): Promise<string[]> => reconcileActions(service, referenceId);

describe('Reconciles with bad answers and bad requests', () => {
  it.each<[string, Partial<TestApp['sandbox']['behaviour']>, number, string]>([
    ['rejects the credentials', { rejectCredentials: true }, 502, 'terra.bad_credentials'],
    ['is down', { down: true }, 503, 'terra.unavailable'],
    ['answers 500', { failWith: repeat(500) }, 503, 'terra.unavailable'],
    ['answers HTML', { failWith: repeat('html') }, 503, 'terra.unavailable'],
    ['answers truncated JSON', { failWith: repeat('truncated') }, 502, 'terra.malformed_answer'],
    ['answers 50 MB', { failWith: repeat('huge') }, 502, 'terra.malformed_answer'],
    ['answers 200 with status "error"', { okWithStatusError: true }, 502, 'terra.rejected'],
    ['answers 404 to every request', { failWith: repeat(404) }, 502, 'terra.endpoint_missing'],
  ])('a reconcile changes nothing and names the cause when Terra %s', async (_, behaviour, status, code) => {
    const [endUser] = await linkEndUsers(service, 1);
    if (endUser) account().remove(endUser.userId);
    const before = await reconciledState(service);
    Object.assign(service.sandbox.behaviour, behaviour);
    const answer = await reconcile<{ code: string }>(service, endUser?.referenceId ?? '');
    expect({ status: answer.status, code: answer.body.code }).toEqual({ status, code });
    expect(await reconciledState(service)).toEqual(before);
    expect(loggedLines(service, 'terra.request_failed')).not.toEqual([]);
    expect(service.log.join('')).not.toContain(endUser?.referenceId);
  });

  it('a reconcile does not rely on a single 404: it asks for the Terra user by id', async () => {
    const [endUser] = await linkEndUsers(service, 1);
    service.sandbox.behaviour.failWith = [404];
    expect((await reconcile(service, endUser?.referenceId ?? '')).body).toMatchObject({
      terraUsers: 1,
      conclusion: 'no_difference',
    });
  });

  it('a reconcile does not rely on a single empty list', async () => {
    const [endUser] = await linkEndUsers(service, 1);
    service.sandbox.behaviour.emptyLists = true;
    expect((await reconcile(service, endUser?.referenceId ?? '')).body).toMatchObject({
      conclusion: 'no_difference',
    });
  });

  it('an invalid reference is rejected before the service asks Terra', async () => {
    const answer = await reconcile<{ code: string }>(service, 'a\u0085b');
    expect(answer).toMatchObject({ status: 422, body: { code: 'request.invalid' } });
    expect(service.sandbox.requests).toEqual([]);
  });

  it('the route requires a key that may write connections', async () => {
    const path = '/v1/end-users/person/reconcile';
    expect(await service.api('POST', path, { key: null })).toMatchObject({ status: 401 });
    expect(service.sandbox.requests).toEqual([]);
  });
});

describe('A reconcile keeps a missing account active', () => {
  const missing = async (count: number): Promise<string[]> => {
    const endUsers = await linkEndUsers(service, count);
    const references = endUsers.map(({ referenceId }) => referenceId ?? '');
    for (const { userId } of endUsers) account().remove(userId);
    for (const referenceId of references) expect(await actions(referenceId)).toEqual(['mark_missing']);
    return references;
  };

  it.each<[string, number, () => unknown, string]>([
    ["Terra's list of users is empty", 1, () => account().users.clear(), 'empty_list'],
    ['too many accounts are missing at once', 12, () => undefined, 'too_many_missing'],
    [
      'a sweep awaits approval',
      1,
      () =>
        service.query(
          `INSERT INTO terra_connect.sweeps (id, status, phase, dry_run, forced, actor, started_at, updated_at, lease_until)
            VALUES (gen_random_uuid(), 'awaiting_approval', 'diffing', false, false, 'test', now(), now(), now())`,
        ),
      'sweep_awaiting_approval',
    ],
  ])('while %s', async (_, count, arrange, objection) => {
    const [referenceId = ''] = await missing(count);
    await arrange();
    shiftClock(service, 2 * HOUR);
    expect((await reconcile(service, referenceId)).body).toMatchObject({
      conclusion: 'waiting',
      changes: [{ action: 'still_missing' }],
    });
    expect(await connectionsOf(service, referenceId)).toMatchObject([{ status: 'active' }]);
    const line = service.log.find((text) => text.includes('reconcile.safety_threshold_exceeded')) ?? '';
    expect(JSON.parse(line)).toMatchObject({ level: 'error', objection });
    await service.query(`DELETE FROM terra_connect.sweeps`);
    await service.query(`UPDATE terra_connect.connection_identities SET missing_since = NULL`);
  });
});
