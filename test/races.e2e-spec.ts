import { randomUUID } from 'node:crypto';
import { startTestApp, type TestApp } from './support/app';
import { connectionsOf, newReference, readSession, startSession, visit } from './support/flow';
import { connectThroughWidget } from './support/sandbox';
import { postWebhook, type WebhookOptions } from './support/webhooks';

describe('Races and unusual orders of events', () => {
  let service: TestApp;
  beforeAll(async () => (service = await startTestApp()));
  afterEach(() => {
    jest.restoreAllMocks();
    service.sandbox.reset();
  });
  afterAll(() => service.close());

  const userOf = (referenceId: string, scopes: string | null = 'A', userId: string = randomUUID()) => ({
    user_id: userId,
    provider: 'GARMIN',
    reference_id: referenceId,
    scopes,
  });
  const deliver = async (event: object, options: WebhookOptions = {}): Promise<void> => {
    expect((await postWebhook(service, event, options)).status).toBe(200);
    await service.drainWebhooks();
  };
  const auth = (user: object) => ({ type: 'auth', status: 'success', user });
  const reauth = (old_user: object | null, new_user: object) => ({
    type: 'user_reauth',
    status: 'warning',
    old_user,
    new_user,
  });

  it('T-24: a disconnect also ends the new Terra user of a reconnect that is reported after the request', async () => {
    const referenceId = newReference();
    const { account, behaviour } = service.sandbox;
    const old = account.connect({ provider: 'GARMIN', referenceId });
    await service.drainWebhooks();
    const [connection] = await connectionsOf(service, referenceId);
    // The account is reconnected, but the webhook arrives only after the request.
    behaviour.webhookDelayMs = 300;
    const next = account.connect({ provider: 'GARMIN', referenceId });
    const answer = await service.api('DELETE', `/v1/connections/${connection?.id}`);
    expect(answer).toMatchObject({ status: 202, body: { status: 'disconnecting', terraUserId: old.userId } });
    await service.drainDeauthentications();
    await service.drainDeauthentications();
    expect(account.usersOf(referenceId)).toEqual([]);
    expect(await connectionsOf(service, referenceId)).toMatchObject([
      { id: connection?.id, status: 'disconnected', terraUserId: next.userId },
    ]);
  });

  it('T-24: an account that is reconnected after the disconnect request stays connected', async () => {
    const referenceId = newReference();
    const { account } = service.sandbox;
    account.connect({ provider: 'GARMIN', referenceId });
    await service.drainWebhooks();
    const [connection] = await connectionsOf(service, referenceId);
    await service.api('DELETE', `/v1/connections/${connection?.id}`);
    const next = account.connect({ provider: 'GARMIN', referenceId });
    await service.drainWebhooks();
    await service.drainDeauthentications();
    expect(account.usersOf(referenceId)).toMatchObject([{ userId: next.userId }]);
    expect(await connectionsOf(service, referenceId)).toMatchObject([
      { id: connection?.id, status: 'active', terraUserId: next.userId },
    ]);
  });

  it('T-13: the scopes of an older event are kept when the newer event names none', async () => {
    const referenceId = newReference();
    const user = userOf(referenceId, null);
    await deliver(auth(user));
    await deliver(auth({ ...user, scopes: 'A,B' }), { occurredAt: new Date(Date.now() - 60_000) });
    expect(await connectionsOf(service, referenceId)).toMatchObject([{ scopes: ['A', 'B'] }]);
  });

  it('T-15: a user_reauth that replaces a Terra user with itself is an auth, and makes no cycle', async () => {
    const referenceId = newReference();
    const user = userOf(referenceId);
    await deliver(auth(user));
    await deliver(reauth(user, user));
    expect(await connectionsOf(service, referenceId)).toMatchObject([{ status: 'active' }]);
    const cycles = `SELECT 1 FROM terra_connect.connection_identities WHERE superseded_by = terra_user_id`;
    expect(await service.query(cycles)).toEqual([]);
  });

  it('a session that fails during its request to Terra is not reported as created', async () => {
    const referenceId = newReference();
    service.sandbox.behaviour.delayMs = 400;
    const creation = service.api('POST', '/v1/connect-sessions', { body: { referenceId } });
    const failSession = `UPDATE terra_connect.connect_sessions SET status = 'failed' WHERE reference_id = $1 RETURNING id`;
    while ((await service.query(failSession, [referenceId])).length === 0);
    expect(await creation).toMatchObject({ status: 409, body: { code: 'idempotency.in_flight' } });
  });

  it('a request that is repeated with its Idempotency-Key closes no connection to Postgres', async () => {
    const headers = { 'idempotency-key': randomUUID() };
    const body = { referenceId: newReference() };
    const backends = async (): Promise<string[]> =>
      (
        await service.query<{ pid: string }>(
          `SELECT pid::text FROM pg_stat_activity WHERE application_name = 'terra-connect' AND datname = current_database()`,
        )
      ).map(({ pid }) => pid);
    await service.api('POST', '/v1/connect-sessions', { body, headers });
    const before = await backends();
    for (let time = 0; time < 10; time += 1) {
      expect((await service.api('POST', '/v1/connect-sessions', { body, headers })).status).toBe(201);
    }
    expect(await backends()).toEqual(expect.arrayContaining(before));
  });

  it('R12: an event whose row cannot be marked as processed does not affect other events', async () => {
    const [referenceId, traceId] = [newReference(), randomUUID()];
    await service.query(
      `ALTER TABLE terra_connect.webhook_events ADD CONSTRAINT no_sleep CHECK (processed_at IS NULL OR type <> 'sleep')`,
    );
    await postWebhook(service, { type: 'sleep', user: userOf(referenceId), data: [] }, { traceId });
    await deliver(auth(userOf(referenceId)));
    await service.query(`ALTER TABLE terra_connect.webhook_events DROP CONSTRAINT no_sleep`);
    expect(await connectionsOf(service, referenceId)).toHaveLength(1);
    const stored = `SELECT status, attempts FROM terra_connect.webhook_events WHERE trace_id = $1`;
    expect(await service.query(stored, [traceId])).toEqual([{ status: 'pending', attempts: 1 }]);
  });

  it('T-12: a callback and a webhook at the same time make one connection and complete the session once', async () => {
    for (let time = 0; time < 5; time += 1) {
      const referenceId = newReference();
      const session = await startSession(service, { referenceId });
      const callbackUrl = await connectThroughWidget(session.widgetUrl, { provider: 'GARMIN' });
      await Promise.all([
        visit(callbackUrl),
        service.drainWebhooks(),
        visit(callbackUrl),
        service.drainWebhooks(),
      ]);
      await service.drainWebhooks();
      expect(await connectionsOf(service, referenceId)).toHaveLength(1);
      expect(await readSession(service, session.id)).toMatchObject({ status: 'completed' });
    }
  });
});
