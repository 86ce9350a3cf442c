import { randomUUID } from 'node:crypto';
import { startTestApp, type TestApp } from './support/app';
import {
  connectionsOf,
  newReference,
  readSession,
  startSession,
  visit,
  type SessionAnswer,
} from './support/flow';
import { postWebhook, type WebhookOptions } from './support/webhooks';

const MINUTE = 60_000;

describe('Events that name no known session', () => {
  let service: TestApp;
  beforeAll(async () => (service = await startTestApp()));
  afterAll(() => service.close());

  const authOf = (referenceId: string, userId: string = randomUUID()) => ({
    type: 'auth',
    status: 'success',
    user: { user_id: userId, provider: 'GARMIN', reference_id: referenceId, scopes: 'A' },
  });
  const cancelOf = (referenceId: string, reason = 'access_denied') => ({
    type: 'auth_cancelled',
    status: 'error',
    reason,
    reference_id: referenceId,
  });
  const deliver = async (event: object, options: WebhookOptions = {}): Promise<void> => {
    expect((await postWebhook(service, event, options)).status).toBe(200);
    await service.drainWebhooks();
  };
  /** Moves the creation and the expiry of the session into the past. */
  const age = (session: SessionAnswer, ms: number): Promise<unknown> =>
    service.query(
      `UPDATE terra_connect.connect_sessions SET created_at = created_at - $2::interval,
        expires_at = expires_at - $2::interval WHERE id = $1`,
      [session.id, `${ms} milliseconds`],
    );
  const statusOf = async ({ id }: SessionAnswer): Promise<string> => (await readSession(service, id)).status;

  it('a late cancellation does not end the next session', async () => {
    const referenceId = newReference();
    const first = await startSession(service, { referenceId });
    await visit(first.connectUrl);
    await age(first, 5 * MINUTE);
    const second = await startSession(service, { referenceId });
    await visit(second.connectUrl);
    await deliver(cancelOf(referenceId), { occurredAt: new Date(Date.now() - 4 * MINUTE) });
    expect([await statusOf(first), await statusOf(second)]).toEqual(['cancelled', 'opened']);
  });

  it('a second cancellation does not end a session that was never opened', async () => {
    const referenceId = newReference();
    const [first, second] = [
      await startSession(service, { referenceId }),
      await startSession(service, { referenceId }),
    ];
    await visit(first.connectUrl);
    await deliver(cancelOf(referenceId));
    await deliver(cancelOf(referenceId, 'access_denied again'));
    expect([await statusOf(first), await statusOf(second)]).toEqual(['cancelled', 'pending']);
  });

  it('an auth that is delivered again does not complete a later session', async () => {
    const referenceId = newReference();
    const auth = authOf(referenceId);
    const first = await startSession(service, { referenceId });
    await deliver(auth);
    const second = await startSession(service, { referenceId });
    // Another delivery of the same event, as two destinations or a resend produce it.
    await deliver({ ...auth, message: 'another delivery' });
    expect([await statusOf(first), await statusOf(second)]).toEqual(['completed', 'pending']);
  });

  it('an auth from before the expiry completes the session, however late it arrives', async () => {
    const referenceId = newReference();
    const session = await startSession(service, { referenceId });
    await age(session, 27 * 60 * MINUTE);
    expect(await statusOf(session)).toBe('expired');
    await deliver(authOf(referenceId), { occurredAt: new Date(Date.now() - 4 * 60 * MINUTE) });
    expect(await statusOf(session)).toBe('completed');
  });

  it('an auth from long after the expiry completes no session', async () => {
    const referenceId = newReference();
    const session = await startSession(service, { referenceId });
    await age(session, 27 * 60 * MINUTE);
    await deliver(authOf(referenceId));
    expect(await statusOf(session)).toBe('expired');
  });

  it('every new connection belongs to the session if the session has multiAuth', async () => {
    const referenceId = newReference();
    const session = await startSession(service, { referenceId, multiAuth: true });
    await deliver(authOf(referenceId));
    await deliver(authOf(referenceId));
    expect((await readSession(service, session.id)).connections).toHaveLength(2);
  });

  it('T-26: an account of a provider that the session does not offer does not complete the session', async () => {
    const referenceId = newReference();
    const session = await startSession(service, { referenceId, providers: ['OURA'] });
    const [row] = await service.query<{ id: string }>(
      `SELECT terra_session_id AS id FROM terra_connect.connect_sessions WHERE id = $1`,
      [session.id],
    );
    await deliver({ ...authOf(referenceId), widget_session_id: row?.id });
    expect(await readSession(service, session.id)).toMatchObject({ status: 'pending', connections: [] });
    // The service connects the account anyway, because Terra has signed the event.
    expect(await connectionsOf(service, referenceId)).toMatchObject([
      { provider: 'GARMIN', status: 'active' },
    ]);
    expect(service.log.join('')).toContain('session.provider_mismatch');
    const metrics = await (await fetch(`${service.url}/metrics`)).text();
    expect(metrics).toContain('terra_connect_session_mismatches_total 1');
  });
});
