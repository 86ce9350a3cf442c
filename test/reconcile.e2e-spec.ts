import { startTestApp, type TestApp } from './support/app';
import { connectionsOf, newReference, shiftClock } from './support/flow';
import {
  reconcileDue,
  reconciledState,
  linkEndUsers,
  reconcile,
  withWebhooksLost,
} from './support/reconciliation';
import type { FaultStep } from '../sandbox/behaviour';

const MINUTE = 60;
const HOUR = 60 * MINUTE;

let service: TestApp;
beforeAll(async () => (service = await startTestApp()));
afterAll(() => service.close());
beforeEach(() => {
  service.sandbox.reset();
  // Somebody else: an account without anybody in it makes the brake suspicious.
  withWebhooksLost(service, () => account().connect({ provider: 'POLAR', referenceId: 'bystander' }));
  service.sandbox.requests.length = 0;
  service.log.length = 0;
});
afterEach(() => jest.restoreAllMocks());

const account = (): TestApp['sandbox']['account'] => service.sandbox.account;
const actions = async (referenceId: string): Promise<string[]> =>
  (await reconcile(service, referenceId)).body.changes.map(({ action }) => action);
const loggedEvents = (): string[] =>
  service.log.map((line) => (JSON.parse(line) as { event?: string }).event ?? '');

describe('An end user is compared with Terra', () => {
  it.each(['array', 'users', 'user'] as const)(
    'and a lost auth is made up for, told as %s',
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
        conclusion: 'healed',
        changes: [{ action: 'link', terraUserId: userId, connectionId: null }],
      });
      expect(await connectionsOf(service, referenceId)).toMatchObject([
        { terraUserId: userId, provider: 'OURA', status: 'active' },
      ]);
      expect((await reconcile(service, referenceId)).body).toMatchObject({
        conclusion: 'in_step',
        changes: [],
      });
    },
  );

  it.each(['array', 'users', 'user'] as const)(
    'and nobody of several is missed, though %s may show one only',
    async (shape) => {
      const referenceId = newReference();
      for (const provider of ['GARMIN', 'OURA', 'FITBIT']) account().connect({ provider, referenceId });
      await service.drainWebhooks();
      service.sandbox.behaviour.userInfoShape = shape;
      expect((await reconcile(service, referenceId)).body).toMatchObject({
        terraUsers: 3,
        conclusion: 'in_step',
      });
    },
  );

  it.each(['404', 'empty'] as const)(
    'and a lost deauth is believed the second time, an hour later, told as %s',
    async (unknownReference) => {
      service.sandbox.behaviour.unknownReference = unknownReference;
      const [person] = await linkEndUsers(service, 1);
      const { userId, referenceId } = person as { userId: string; referenceId: string };
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

  it('and one that was missing and is back has never been gone', async () => {
    const [person] = await linkEndUsers(service, 1);
    const { userId, referenceId } = person as { userId: string; referenceId: string };
    const user = account().remove(userId);
    expect(await actions(referenceId)).toEqual(['mark_missing']);
    if (user) account().users.set(userId, user);
    expect(await actions(referenceId)).toEqual(['mark_seen']);
    account().remove(userId);
    shiftClock(service, 2 * HOUR);
    // The count begins anew: two observations in a row.
    expect(await actions(referenceId)).toEqual(['mark_missing']);
    expect(await connectionsOf(service, referenceId)).toMatchObject([{ status: 'active' }]);
  });

  it('and one that was taken for gone comes back when Terra lists it again', async () => {
    const [person] = await linkEndUsers(service, 1);
    const { userId, referenceId } = person as { userId: string; referenceId: string };
    const user = account().remove(userId);
    await reconcile(service, referenceId);
    shiftClock(service, 2 * HOUR);
    await reconcile(service, referenceId);
    const [ended] = await connectionsOf(service, referenceId);
    expect(ended).toMatchObject({ status: 'disconnected' });
    if (user) account().users.set(userId, user);
    shiftClock(service, 3 * HOUR);
    expect(await actions(referenceId)).toEqual(['revive']);
    expect(await connectionsOf(service, referenceId)).toMatchObject([{ id: ended?.id, status: 'active' }]);
  });

  it('and scopes are as Terra has them', async () => {
    const [person] = await linkEndUsers(service, 1);
    const { userId, referenceId } = person as { userId: string; referenceId: string };
    withWebhooksLost(service, () => account().changePermissions(userId, { add: ['EXTRA'] }));
    expect(await actions(referenceId)).toEqual(['update_scopes']);
    const [connection] = await connectionsOf(service, referenceId);
    expect(connection?.scopes).toContain('EXTRA');
    expect(await actions(referenceId)).toEqual([]);
  });

  it('and one whose provider refused Terra has recovered when data has come since, and not before', async () => {
    const [person] = await linkEndUsers(service, 1);
    const { userId, referenceId } = person as { userId: string; referenceId: string };
    account().reportConnectionError(userId);
    await service.drainWebhooks();
    expect(await connectionsOf(service, referenceId)).toMatchObject([{ status: 'needs_reauth' }]);
    // `active: true` all the while, which is no proof.
    expect(await actions(referenceId)).toEqual([]);
    withWebhooksLost(service, () => account().sendData(userId));
    expect(await actions(referenceId)).toEqual(['recover']);
    expect(await connectionsOf(service, referenceId)).toMatchObject([{ status: 'active' }]);
  });

  it('and one that Terra says is inactive needs the person', async () => {
    const [person] = await linkEndUsers(service, 1);
    if (person) person.active = false;
    const referenceId = person?.referenceId ?? '';
    expect(await actions(referenceId)).toEqual(['mark_inactive']);
    expect(await connectionsOf(service, referenceId)).toMatchObject([
      { status: 'needs_reauth', statusReason: 'inactive' },
    ]);
    expect(await actions(referenceId)).toEqual([]);
  });

  it('and an id that was handed out before anybody agreed is no connection', async () => {
    const referenceId = newReference();
    const user = account().preallocate('GARMIN', referenceId);
    user.isAuthenticated = true;
    expect(await actions(referenceId)).toEqual(['not_authenticated']);
    expect(await connectionsOf(service, referenceId)).toEqual([]);
  });

  it('and an account under another reference is reported and never moved (T-16)', async () => {
    const [person] = await linkEndUsers(service, 1);
    const { userId, referenceId } = person as { userId: string; referenceId: string };
    const other = newReference();
    if (person) person.referenceId = other;
    const before = await reconciledState(service);
    for (const asked of [referenceId, other]) {
      expect((await reconcile(service, asked)).body).toMatchObject({
        conclusion: 'needs_operator',
        changes: [{ action: 'owner_conflict', terraUserId: userId }],
      });
    }
    expect(await reconciledState(service)).toEqual(before);
  });

  it('and one that we were told has ended, and Terra lists, is reported and stays ended', async () => {
    const [person] = await linkEndUsers(service, 1);
    const { userId, referenceId } = person as { userId: string; referenceId: string };
    account().revokeAccess(userId);
    await service.drainWebhooks();
    if (person) account().users.set(userId, person);
    shiftClock(service, MINUTE);
    expect(await actions(referenceId)).toEqual(['contradiction']);
    expect(await connectionsOf(service, referenceId)).toMatchObject([
      { status: 'disconnected', statusReason: 'access_revoked' },
    ]);
  });

  it('and one that we have disconnected, and Terra still lists, is disconnected again', async () => {
    const [person] = await linkEndUsers(service, 1);
    const { userId, referenceId } = person as { userId: string; referenceId: string };
    const [connection] = await connectionsOf(service, referenceId);
    await service.api('DELETE', `/v1/connections/${connection?.id}`);
    await service.drainDeauthentications();
    expect(await connectionsOf(service, referenceId)).toMatchObject([{ status: 'disconnected' }]);

    if (person) account().users.set(userId, person);
    shiftClock(service, MINUTE);
    expect(await actions(referenceId)).toEqual(['disconnect_again']);
    await service.drainDeauthentications();
    expect(account().users.has(userId)).toBe(false);
    expect(await connectionsOf(service, referenceId)).toMatchObject([{ status: 'disconnected' }]);
    const ledger = await service.query(
      `SELECT actor, reason, status FROM terra_connect.deauthentications WHERE terra_user_id = $1 ORDER BY id`,
      [userId],
    );
    expect(ledger).toHaveLength(2);
    expect(ledger[1]).toEqual({ actor: 'reconcile', reason: 'still listed at Terra', status: 'confirmed' });
  });
});

describe('Whoever brings the news', () => {
  it('there is one connection: webhooks, and comparisons at the same time, of people connected twice over', async () => {
    const references = Array.from({ length: 6 }, () => newReference());
    for (const referenceId of references) account().connect({ provider: 'GARMIN', referenceId });
    await service.sandbox.idle();
    const comparisons = references.flatMap((referenceId) =>
      [1, 2, 3].map(() => reconcile(service, referenceId)),
    );
    const answers = await Promise.all([...comparisons, service.drainWebhooks()]);
    expect(answers.map((answer) => answer?.status ?? 200)).toEqual(answers.map(() => 200));
    for (const referenceId of references) {
      const [user] = account().usersOf(referenceId);
      expect(await connectionsOf(service, referenceId)).toMatchObject([
        { terraUserId: user?.userId, status: 'active' },
      ]);
    }
  });

  it('a reconnect of which we saw the new account first keeps the id of the connection', async () => {
    const [person] = await linkEndUsers(service, 1);
    const referenceId = person?.referenceId ?? '';
    const [before] = await connectionsOf(service, referenceId);
    // Delivered late: the comparison comes first, and finds one unknown and one missing.
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

describe('A Terra that does not answer well changes nothing', () => {
  it.each<[string, Partial<TestApp['sandbox']['behaviour']>, number, string]>([
    ['wrong credentials', { refuseCredentials: true }, 502, 'terra.bad_credentials'],
    ['nobody there', { down: true }, 503, 'terra.unavailable'],
    ['errors', { failWith: repeat(500) }, 503, 'terra.unavailable'],
    ['HTML', { failWith: repeat('html') }, 503, 'terra.unavailable'],
    ['truncated JSON', { failWith: repeat('truncated') }, 502, 'terra.malformed_answer'],
    ['50 MB', { failWith: repeat('huge') }, 502, 'terra.malformed_answer'],
    ['a success that is an error', { okWithStatusError: true }, 502, 'terra.rejected'],
    ['404 to everything', { failWith: repeat(404) }, 502, 'terra.endpoint_missing'],
  ])('%s', async (_, behaviour, status, code) => {
    const [person] = await linkEndUsers(service, 1);
    if (person) account().remove(person.userId);
    const before = await reconciledState(service);
    Object.assign(service.sandbox.behaviour, behaviour);
    const answer = await reconcile<{ code: string }>(service, person?.referenceId ?? '');
    expect({ status: answer.status, code: answer.body.code }).toEqual({ status, code });
    expect(await reconciledState(service)).toEqual(before);
    expect(loggedEvents()).toContain('terra.request_failed');
    expect(service.log.join('')).not.toContain(person?.referenceId);
  });

  it('a bare 404 alone is not believed: who is asked for by name is there', async () => {
    const [person] = await linkEndUsers(service, 1);
    service.sandbox.behaviour.failWith = [404];
    expect((await reconcile(service, person?.referenceId ?? '')).body).toMatchObject({
      terraUsers: 1,
      conclusion: 'in_step',
    });
  });

  it('an empty list alone is not believed either', async () => {
    const [person] = await linkEndUsers(service, 1);
    service.sandbox.behaviour.emptyLists = true;
    expect((await reconcile(service, person?.referenceId ?? '')).body).toMatchObject({
      conclusion: 'in_step',
    });
  });

  it('a reference that cannot be one is refused before Terra is asked', async () => {
    const answer = await reconcile<{ code: string }>(service, 'a\u0085b');
    expect(answer).toMatchObject({ status: 422, body: { code: 'request.invalid' } });
    expect(service.sandbox.requests).toEqual([]);
  });

  it('the route needs a key that may write connections', async () => {
    const path = '/v1/end-users/person/reconcile';
    expect(await service.api('POST', path, { key: null })).toMatchObject({ status: 401 });
    expect(service.sandbox.requests).toEqual([]);
  });
});

describe('Nobody is ended while there is reason to doubt Terra', () => {
  const missing = async (count: number): Promise<string[]> => {
    const people = await linkEndUsers(service, count);
    const references = people.map(({ referenceId }) => referenceId ?? '');
    for (const { userId } of people) account().remove(userId);
    for (const referenceId of references) expect(await actions(referenceId)).toEqual(['mark_missing']);
    return references;
  };

  it.each<[string, number, () => unknown, string]>([
    ['its list of users has nobody in it', 1, () => account().users.clear(), 'empty_list'],
    ['too many are missing at once', 12, () => undefined, 'too_many_missing'],
    [
      'a sweep is held',
      1,
      () =>
        service.query(
          `INSERT INTO terra_connect.sweeps (id, status, phase, dry_run, forced, actor, started_at, updated_at, lease_until)
            VALUES (gen_random_uuid(), 'awaiting_approval', 'diffing', false, false, 'test', now(), now(), now())`,
        ),
      'sweep_awaiting_approval',
    ],
  ])('%s', async (_, count, happens, objection) => {
    const [referenceId = ''] = await missing(count);
    await happens();
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

describe('On a schedule', () => {
  // Those of the tests before are due, too.
  beforeEach(async () => {
    await service.query(`UPDATE terra_connect.connections SET reconcile_at = now() + interval '10 years'`);
  });

  it('everybody is compared once a day, and what was lost is made up for', async () => {
    const [first, second] = await linkEndUsers(service, 2);
    withWebhooksLost(service, () => account().changePermissions(first?.userId ?? '', { add: ['EXTRA'] }));
    account().remove(second?.userId ?? '');
    expect(await reconcileDue(service)).toBe(0);

    shiftClock(service, 25 * HOUR);
    expect(await reconcileDue(service)).toBe(2);
    expect(await reconcileDue(service)).toBe(0);
    expect((await connectionsOf(service, first?.referenceId ?? ''))[0]?.scopes).toContain('EXTRA');
    // Whoever is missing is looked at again as soon as it would be believed.
    shiftClock(service, 26 * HOUR + MINUTE);
    expect(await reconcileDue(service)).toBe(1);
    expect(await connectionsOf(service, second?.referenceId ?? '')).toMatchObject([
      { status: 'disconnected' },
    ]);
  });

  it('one whose data has stopped is compared at once, and once for that silence', async () => {
    const [person] = await linkEndUsers(service, 1);
    account().sendData(person?.userId ?? '');
    await service.drainWebhooks();
    await service.query(
      `UPDATE terra_connect.connections SET reconcile_at = now() + interval '10 years' WHERE reference_id = $1`,
      [person?.referenceId],
    );
    shiftClock(service, 71 * HOUR);
    expect(await reconcileDue(service)).toBe(0);
    shiftClock(service, 74 * HOUR);
    expect(await reconcileDue(service)).toBe(1);
    shiftClock(service, 76 * HOUR);
    expect(await reconcileDue(service)).toBe(0);
  });

  it('one that fails does not stand in the way of the others', async () => {
    await linkEndUsers(service, 3);
    shiftClock(service, 200 * HOUR);
    service.sandbox.behaviour.failWith = ['truncated'];
    expect(await reconcileDue(service)).toBe(3);
    const { body } = await service.api<string>('GET', '/metrics');
    expect(body).toMatch(/terra_connect_reconciliations_total\{outcome="failed"\} 1\n/);
    expect(loggedEvents()).toContain('reconcile.failed');
    // It is tried again, without waiting for tomorrow.
    shiftClock(service, 200.5 * HOUR);
    expect(await reconcileDue(service)).toBe(1);
  });

  it('a Terra that is down is left in peace for a while, and nobody loses their turn', async () => {
    await linkEndUsers(service, 3);
    shiftClock(service, 300 * HOUR);
    service.sandbox.behaviour.down = true;
    const worker = await reconcileDue(service);
    expect(worker).toBe(0);
    const asked = service.sandbox.requests.length;
    expect(await reconcileDue(service)).toBe(0);
    expect(service.sandbox.requests.length).toBe(asked);
    expect(loggedEvents()).toContain('reconcile.paused');
    service.sandbox.behaviour.down = false;
    shiftClock(service, 301 * HOUR);
    expect(await reconcileDue(service)).toBe(3);
  });
});

function repeat(step: FaultStep): FaultStep[] {
  return Array.from({ length: 8 }, () => step);
}
