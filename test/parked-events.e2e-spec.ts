import { randomUUID } from 'node:crypto';
import { LANES } from '../src/webhooks/webhook-event.entity';
import { startTestApp, type TestApp } from './support/app';
import { connectionsOf, newReference } from './support/flow';
import { inboxOf, storeDeliveries } from './support/inbox';

const NOTE = 'the owner of the Terra user is not known yet';

describe('An event that waits for the owner of its Terra user', () => {
  let service: TestApp;
  beforeAll(async () => (service = await startTestApp()));
  afterAll(() => service.close());

  const authOf = (userId: string, referenceId: string | null) => ({
    type: 'auth',
    status: 'success',
    user: { user_id: userId, provider: 'GARMIN', reference_id: referenceId },
  });
  const errorOf = (userId: string) => ({
    type: 'connection_error',
    user: { user_id: userId, provider: 'GARMIN' },
  });
  const process = (): Promise<boolean> => inboxOf(service).processLane(LANES.links, 200);
  const statusOf = async (traceId: string | undefined): Promise<string> => {
    const [row] = await service.query<{ status: string }>(
      `SELECT status FROM terra_connect.webhook_events WHERE trace_id = $1`,
      [traceId],
    );
    return row?.status ?? 'not stored';
  };

  /** 4,000 other events that wait for ever. */
  const parkStrangers = async (): Promise<void> => {
    await service.query(
      `INSERT INTO terra_connect.webhook_events (id, signed_at, received_at, body, lane, status, next_attempt_at, note,
          type, terra_user_id)
        SELECT gen_random_uuid(), now(), now(), '{}', 0, 'parked', now(), $1, 'auth', 'stranger-' || number
        FROM generate_series(1, 4000) AS number`,
      [NOTE],
    );
  };

  it('is due at once when another event names the owner, among 4,000 strangers and without the worker', async () => {
    await parkStrangers();
    const [userId, referenceId] = [randomUUID(), newReference()];
    const [parked] = await storeDeliveries(service, [{ body: errorOf(userId) }]);
    await process();
    expect(await statusOf(parked)).toBe('parked');
    await storeDeliveries(service, [{ body: authOf(userId, referenceId) }]);
    await process();
    expect(await statusOf(parked)).toBe('pending');
    await process();
    expect(await statusOf(parked)).toBe('done');
  });

  it('is processed again at once when another event of its own batch names the owner', async () => {
    const [userId, referenceId] = [randomUUID(), newReference()];
    const [waiting] = await storeDeliveries(service, [
      { body: errorOf(userId) },
      { body: authOf(userId, referenceId), occurredAt: new Date(Date.now() - 120_000) },
    ]);
    expect(await process()).toBe(true);
    expect(await process()).toBe(false);
    expect(await statusOf(waiting)).toBe('done');
    expect(await connectionsOf(service, referenceId)).toMatchObject([{ status: 'needs_reauth' }]);
  });

  it('is due at once when a reconcile finds the owner', async () => {
    const referenceId = newReference();
    service.sandbox.behaviour.webhooks = 'off';
    const { userId } = service.sandbox.account.connect({ provider: 'GARMIN', referenceId });
    const [parked] = await storeDeliveries(service, [{ body: authOf(userId, null) }]);
    await process();
    expect(await statusOf(parked)).toBe('parked');
    await service.api('POST', `/v1/end-users/${referenceId}/reconcile`);
    expect(await connectionsOf(service, referenceId)).toHaveLength(1);
    expect(await statusOf(parked)).toBe('pending');
  });

  it('stays parked if the transaction that names the owner is rolled back', async () => {
    const userId = randomUUID();
    const [parked] = await storeDeliveries(service, [{ body: errorOf(userId) }]);
    await process();
    await service.query(
      `ALTER TABLE terra_connect.webhook_events ADD CONSTRAINT no_note CHECK (note <> 'x' AND status <> 'done') NOT VALID`,
    );
    await storeDeliveries(service, [{ body: authOf(userId, newReference()) }]);
    await process();
    await service.query(`ALTER TABLE terra_connect.webhook_events DROP CONSTRAINT no_note`);
    expect(await statusOf(parked)).toBe('parked');
  });
});
