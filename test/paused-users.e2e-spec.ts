import { ErasureWorker } from '../src/privacy';
import { startTestApp, type TestApp } from './support/app';
import { connectionsOf, shiftClock } from './support/flow';
import {
  linkEndUsers,
  reconcile,
  reconcileActions,
  reconcileDue,
  resetTerra,
  sweep,
} from './support/reconciliation';

const MINUTE = 60;
const HOUR = 60 * MINUTE;

let service: TestApp;
beforeAll(async () => (service = await startTestApp()));
afterAll(() => service.close());
beforeEach(() => resetTerra(service));
afterEach(() => jest.restoreAllMocks());

const actions = (referenceId: string): Promise<string[]> => reconcileActions(service, referenceId);

describe('A reconcile of a Terra user that Terra calls inactive', () => {
  it('keeps an account active that Terra calls inactive, because it may be paused, and notes when Terra resumes it', async () => {
    const [endUser] = await linkEndUsers(service, 1);
    const { referenceId } = endUser as { referenceId: string };
    if (endUser) endUser.active = false;
    const first = await reconcile(service, referenceId);
    expect(first.body).toMatchObject({ conclusion: 'no_difference', changes: [{ action: 'mark_paused' }] });
    shiftClock(service, 24 * HOUR);
    expect(await actions(referenceId)).toEqual(['still_paused']);
    if (endUser) endUser.active = true;
    expect(await actions(referenceId)).toEqual(['mark_resumed']);
    // A new pause has its own week.
    if (endUser) endUser.active = false;
    shiftClock(service, 9 * 24 * HOUR);
    expect(await actions(referenceId)).toEqual(['mark_paused']);
    expect(await connectionsOf(service, referenceId)).toMatchObject([
      { status: 'active', statusReason: null },
    ]);
  });

  it('sets needs_reauth after a week without data in which Terra calls the account inactive, and recovers by itself', async () => {
    const [endUser] = await linkEndUsers(service, 1);
    const { referenceId } = endUser as { referenceId: string };
    if (endUser) endUser.active = false;
    expect(await actions(referenceId)).toEqual(['mark_paused']);
    shiftClock(service, 7 * 24 * HOUR + MINUTE);
    expect(await actions(referenceId)).toEqual(['mark_inactive']);
    expect(await connectionsOf(service, referenceId)).toMatchObject([
      { status: 'needs_reauth', statusReason: 'inactive' },
    ]);
    expect(await actions(referenceId)).toEqual([]);
    if (endUser) endUser.active = true;
    shiftClock(service, 7 * 24 * HOUR + HOUR);
    expect(await actions(referenceId)).toEqual(['recover']);
    expect(await connectionsOf(service, referenceId)).toMatchObject([{ status: 'active' }]);
  });

  it('sets needs_reauth at once when Terra says by id that the account is not authenticated', async () => {
    const [endUser] = await linkEndUsers(service, 1);
    const { referenceId } = endUser as { referenceId: string };
    Object.assign(endUser ?? {}, { active: false, isAuthenticated: false });
    shiftClock(service, MINUTE);
    expect(await actions(referenceId)).toEqual(['mark_inactive']);
    expect(await connectionsOf(service, referenceId)).toMatchObject([
      { status: 'needs_reauth', statusReason: 'inactive' },
    ]);
  });
});

describe('A sweep over a Terra user that Terra calls inactive', () => {
  it('only notes it, and lets a reconcile look for a second sign at once', async () => {
    const [endUser] = await linkEndUsers(service, 1);
    const { referenceId } = endUser as { referenceId: string };
    Object.assign(endUser ?? {}, { active: false });
    shiftClock(service, MINUTE);
    const { counts } = await sweep(service);
    expect(counts).toMatchObject({ mark_paused: 1 });
    expect(await connectionsOf(service, referenceId)).toMatchObject([{ status: 'active' }]);
    expect((await sweep(service)).counts).toMatchObject({ still_paused: 1 });

    const before = service.sandbox.requests.length;
    expect(await reconcileDue(service)).toBe(1);
    const asked = service.sandbox.requests.slice(before).map(({ path }) => path);
    expect(asked).toEqual(['/api/v2/userInfo', '/api/v2/userInfo']);
    if (endUser) endUser.active = true;
    expect((await sweep(service)).counts).toMatchObject({ mark_resumed: 1 });
    expect((await sweep(service)).counts).not.toHaveProperty('mark_resumed');
  });
});

describe('An erasure', () => {
  it('also ends a Terra user that Terra calls inactive, because it may be paused', async () => {
    const [endUser] = await linkEndUsers(service, 1);
    const { referenceId } = endUser as { referenceId: string };
    // An account that the service does not know, paused at Terra.
    service.sandbox.behaviour.webhooks = 'off';
    const unknown = service.sandbox.account.connect({ provider: 'OURA', referenceId });
    unknown.active = false;
    expect((await service.api('DELETE', `/v1/end-users/${referenceId}`)).status).toBe(202);
    for (let round = 0; round < 2; round += 1) {
      await service.drainDeauthentications();
      await service.app.get(ErasureWorker, { strict: false }).runOnce();
      shiftClock(service, HOUR);
    }
    expect(service.sandbox.account.users.has(unknown.userId)).toBe(false);
  });
});
