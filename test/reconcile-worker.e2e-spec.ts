import { loggedLines, startTestApp, type TestApp } from './support/app';
import { connectionsOf, shiftClock } from './support/flow';
import { linkEndUsers, reconcileDue, resetTerra, withWebhooksLost } from './support/reconciliation';

const MINUTE = 60;
const HOUR = 60 * MINUTE;

let service: TestApp;
beforeAll(async () => (service = await startTestApp()));
afterAll(() => service.close());
beforeEach(() => resetTerra(service));
afterEach(() => jest.restoreAllMocks());

const account = (): TestApp['sandbox']['account'] => service.sandbox.account;

describe('The reconcile worker', () => {
  // The connections of earlier tests are due, too.
  beforeEach(async () => {
    await service.query(`UPDATE terra_connect.connections SET reconcile_at = now() + interval '10 years'`);
  });

  it('reconciles every end user once a day, and corrects what lost webhooks missed', async () => {
    const [first, second] = await linkEndUsers(service, 2);
    withWebhooksLost(service, () => account().changePermissions(first?.userId ?? '', { add: ['EXTRA'] }));
    account().remove(second?.userId ?? '');
    expect(await reconcileDue(service)).toBe(0);

    shiftClock(service, 25 * HOUR);
    expect(await reconcileDue(service)).toBe(2);
    expect(await reconcileDue(service)).toBe(0);
    expect((await connectionsOf(service, first?.referenceId ?? ''))[0]?.scopes).toContain('EXTRA');
    // A missing account is due again as soon as a second absence may end it.
    shiftClock(service, 26 * HOUR + MINUTE);
    expect(await reconcileDue(service)).toBe(1);
    expect(await connectionsOf(service, second?.referenceId ?? '')).toMatchObject([
      { status: 'disconnected' },
    ]);
  });

  it('reconciles an end user early when the data stops, but only one time until new data arrives', async () => {
    const [endUser] = await linkEndUsers(service, 1);
    account().sendData(endUser?.userId ?? '');
    await service.drainWebhooks();
    await service.query(
      `UPDATE terra_connect.connections SET reconcile_at = now() + interval '10 years' WHERE reference_id = $1`,
      [endUser?.referenceId],
    );
    shiftClock(service, 71 * HOUR);
    expect(await reconcileDue(service)).toBe(0);
    shiftClock(service, 74 * HOUR);
    expect(await reconcileDue(service)).toBe(1);
    shiftClock(service, 76 * HOUR);
    expect(await reconcileDue(service)).toBe(0);
  });

  it('continues with other end users when one reconcile fails', async () => {
    await linkEndUsers(service, 3);
    shiftClock(service, 200 * HOUR);
    service.sandbox.behaviour.failWith = ['truncated'];
    expect(await reconcileDue(service)).toBe(3);
    const { body } = await service.api<string>('GET', '/metrics');
    expect(body).toMatch(/terra_connect_reconciliations_total\{outcome="failed"\} 1\n/);
    expect(loggedLines(service, 'reconcile.failed')).not.toEqual([]);
    // The failed reconcile is repeated before the next day.
    shiftClock(service, 200.5 * HOUR);
    expect(await reconcileDue(service)).toBe(1);
  });

  it('pauses while Terra is down, and skips no end user afterwards', async () => {
    await linkEndUsers(service, 3);
    shiftClock(service, 300 * HOUR);
    service.sandbox.behaviour.down = true;
    const reconciled = await reconcileDue(service);
    expect(reconciled).toBe(0);
    const asked = service.sandbox.requests.length;
    expect(await reconcileDue(service)).toBe(0);
    expect(service.sandbox.requests.length).toBe(asked);
    expect(loggedLines(service, 'reconcile.paused')).not.toEqual([]);
    service.sandbox.behaviour.down = false;
    shiftClock(service, 301 * HOUR);
    expect(await reconcileDue(service)).toBe(3);
  });
});
