import { startTestApp, type TestApp } from './support/app';
import { connectionsOf, shiftClock } from './support/flow';
import {
  linkedAtTerra,
  linkedInDatabase,
  linkEndUsers,
  reconcileDue,
  reconciledState,
  sweep,
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
