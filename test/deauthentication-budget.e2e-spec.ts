import { DeauthenticationWorker } from '../src/connections';
import { startTestApp, type TestApp } from './support/app';
import { connectionsOf, newReference, shiftClock } from './support/flow';

describe('T-23: the limit of deauthentication calls per hour', () => {
  let service: TestApp;
  beforeAll(async () => (service = await startTestApp()));
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => service.close());

  it('allows a thousand calls an hour, then logs an alarm; pending requests are sent after that hour', async () => {
    const referenceId = newReference();
    service.sandbox.account.connect({ provider: 'GARMIN', referenceId });
    await service.drainWebhooks();
    const [connection] = await connectionsOf(service, referenceId);
    await service.query(`INSERT INTO terra_connect.deauthentications
        (id, terra_user_id, actor, reason, status, attempts, requested_at, next_attempt_at, last_attempt_at, confirmed_at)
      SELECT gen_random_uuid(), 'gone-' || n, 'test', 'test', 'confirmed', 1, now(), now(), now(), now()
        FROM generate_series(1, 1000) AS n`);
    await service.api('DELETE', `/v1/connections/${connection?.id}`);
    const worker = service.app.get(DeauthenticationWorker, { strict: false });
    for (let time = 0; time < 5; time += 1) expect(await worker.runOnce()).toBe(false);
    const calls = () => service.sandbox.requests.filter(({ path }) => path.endsWith('/deauthenticateUser'));
    expect(calls()).toEqual([]);
    const alarms = service.log.filter((line) => line.includes('deauthentication.budget_used_up'));
    expect(alarms).toHaveLength(1);
    const waiting = `SELECT attempts FROM terra_connect.deauthentications WHERE status = 'pending'`;
    expect(await service.query(waiting)).toEqual([{ attempts: 0 }]);

    shiftClock(service, 3_700);
    expect(await worker.runOnce()).toBe(true);
    expect(calls()).toHaveLength(1);
  });
});
