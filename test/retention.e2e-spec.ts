import { RetentionWorker } from '../src/privacy';
import { startTestApp, type TestApp } from './support/app';
import { connectionsOf, newReference, readSession, shiftClock, startSession } from './support/flow';
import { postWebhook } from './support/webhooks';

const DAY = 86_400;

describe('Retention', () => {
  let service: TestApp;
  beforeEach(async () => {
    service = await startTestApp({ RETENTION_HISTORY_DAYS: '100', RETENTION_DEAUTHENTICATIONS_DAYS: '200' });
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await service.close();
  });

  const cleanAfter = async (days: number): Promise<void> => {
    shiftClock(service, days * DAY);
    await service.app.get(RetentionWorker, { strict: false }).runOnce();
    jest.restoreAllMocks();
  };
  const count = async (table: string, where = 'true'): Promise<number> => {
    const sql = `SELECT count(*)::int AS count FROM terra_connect.${table} WHERE ${where}`;
    return (await service.query<{ count: number }>(sql))[0]?.count ?? -1;
  };

  it('deletes sessions ninety days after their end, and no sooner', async () => {
    const { account } = service.sandbox;
    const session = await startSession(service);
    account.connect({ provider: 'GARMIN', referenceId: session.referenceId });
    await service.drainWebhooks();
    const open = await startSession(service);
    await cleanAfter(89);
    expect(await count('connect_sessions')).toBe(2);
    await cleanAfter(91);
    expect((await service.api('GET', `/v1/connect-sessions/${session.id}`)).status).toBe(404);
    expect((await readSession(service, open.id)).status).toBe('pending');
    // The connection of the session stays.
    expect(await connectionsOf(service, session.referenceId)).toMatchObject([{ status: 'active' }]);
  });

  it('deletes webhook events after thirty days, and parked ones after ninety', async () => {
    const user = { user_id: 'waits', provider: 'GARMIN', reference_id: null };
    await postWebhook(service, { type: 'connection_error', status: 'warning', user });
    await postWebhook(service, { type: 'healthcheck' });
    await service.drainWebhooks();
    await cleanAfter(29);
    expect(await count('webhook_events')).toBe(2);
    await cleanAfter(31);
    expect(await count('webhook_events')).toBe(1);
    expect(await count('webhook_events', `status = 'parked'`)).toBe(1);
    await cleanAfter(91);
    expect(await count('webhook_events')).toBe(0);
  });

  it('compacts the history of a disconnected connection, and changes nothing else about it', async () => {
    const referenceId = newReference();
    const { account } = service.sandbox;
    const { userId } = account.connect({ provider: 'GARMIN', referenceId });
    account.changePermissions(userId, { add: ['x'] });
    account.reportConnectionError(userId);
    const renewed = account.connect({ provider: 'GARMIN', referenceId });
    account.reportConnectionError(renewed.userId);
    await service.drainWebhooks();
    const live = await connectionsOf(service, referenceId);
    const before = await count('connection_facts');
    await cleanAfter(400);
    expect(await count('connection_facts')).toBe(before);

    account.deauthenticate(renewed.userId);
    await service.drainWebhooks();
    const [ended] = await connectionsOf(service, referenceId);
    expect(ended).toMatchObject({ id: live[0]?.id, status: 'disconnected' });
    await cleanAfter(99);
    expect(await count('connection_facts')).toBe(before + 1);
    await cleanAfter(101);
    expect(await count('connection_facts')).toBeLessThan(before);
    expect(await count('connection_facts', `kind = 'failing'`)).toBe(0);
    expect(await connectionsOf(service, referenceId)).toEqual([ended]);
    // Late events still find the facts that they need: an old auth reactivates no connection.
    const user = { user_id: renewed.userId, provider: 'GARMIN', reference_id: referenceId, scopes: null };
    await postWebhook(service, { type: 'auth', status: 'success', message: 'again', user });
    await service.drainWebhooks();
    expect(await connectionsOf(service, referenceId)).toMatchObject([
      { id: ended?.id, status: 'disconnected' },
    ]);
  });

  it('deletes deauthentication requests only where that is configured', async () => {
    const referenceId = newReference();
    service.sandbox.account.connect({ provider: 'GARMIN', referenceId });
    await service.drainWebhooks();
    const [connection] = await connectionsOf(service, referenceId);
    await service.api('DELETE', `/v1/connections/${connection?.id}`);
    await service.drainDeauthentications();
    await cleanAfter(199);
    expect(await count('deauthentications')).toBe(1);
    await cleanAfter(201);
    expect(await count('deauthentications')).toBe(0);
    const metrics = await (await fetch(`${service.url}/metrics`)).text();
    expect(metrics).toContain('terra_connect_retention_deleted_total{table="deauthentications"} 1');
  });
});
