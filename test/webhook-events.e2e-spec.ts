import { randomUUID } from 'node:crypto';
import { startTestApp, type TestApp } from './support/app';
import { connectionsOf, newReference, readSession, startSession } from './support/flow';
import { postWebhook, type WebhookOptions } from './support/webhooks';

interface StoredEvent {
  status: string;
  note: string | null;
  type: string | null;
  body: string;
}

describe('The events of Terra', () => {
  let service: TestApp;
  beforeAll(async () => (service = await startTestApp()));
  afterAll(() => service.close());

  const user = (referenceId: string | null, overrides: object = {}) => ({
    user_id: randomUUID(),
    provider: 'GARMIN',
    reference_id: referenceId,
    scopes: 'A,B',
    active: true,
    ...overrides,
  });
  const auth = (terraUser: object) => ({ type: 'auth', status: 'success', user: terraUser });

  /** Delivers an event, processes it, and returns its row. */
  const deliver = async (event: object, options: WebhookOptions = {}): Promise<StoredEvent> => {
    const traceId = randomUUID();
    expect((await postWebhook(service, event, { traceId, ...options })).status).toBe(200);
    await service.drainWebhooks();
    const [stored] = await service.query<StoredEvent>(
      `SELECT status, note, type, convert_from(body, 'UTF8') AS body
        FROM terra_connect.webhook_events WHERE trace_id = $1`,
      [traceId],
    );
    if (!stored) throw new Error('The event was not stored.');
    return stored;
  };
  const linked = async (referenceId = newReference()) => {
    const terraUser = user(referenceId);
    await deliver(auth(terraUser));
    const [connection] = await connectionsOf(service, referenceId);
    if (!connection) throw new Error('The user was not linked.');
    return { referenceId, terraUser, connection };
  };
  const totals = async (): Promise<unknown> =>
    service.query(`SELECT (SELECT count(*) FROM terra_connect.connections) AS connections,
      (SELECT count(*) FROM terra_connect.connection_identities WHERE connection_id IS NOT NULL) AS identities`);

  describe('auth', () => {
    it.each([
      ['in the user alone', (ref: string) => auth(user(ref))],
      ['at the top alone', (ref: string) => ({ ...auth(user(null)), reference_id: ref })],
      ['in both places', (ref: string) => ({ ...auth(user(ref)), reference_id: ref })],
    ])('links an account when the reference is %s', async (_case, event) => {
      const referenceId = newReference();
      expect(await deliver(event(referenceId))).toMatchObject({ status: 'done', type: 'auth' });
      expect(await connectionsOf(service, referenceId)).toMatchObject([
        { referenceId, provider: 'GARMIN', status: 'active', scopes: ['A', 'B'] },
      ]);
    });

    it.each<[string, string, (ref: string) => object]>([
      ['parked', 'no reference', () => auth(user(null))],
      ['parked', 'an empty reference', () => ({ ...auth(user('')), reference_id: '' })],
      ['parked', 'the text null for a reference', () => auth(user('null'))],
      ['parked', 'two references', (ref) => ({ ...auth(user(ref)), reference_id: `${ref}-other` })],
      ['parked', 'a reference of 256 characters', (ref) => auth(user(ref.padEnd(256, 'x')))],
      ['parked', 'a reference with a control character', (ref) => auth(user(`${ref}\n`))],
      ['parked', 'a reference with half of a character', (ref) => auth(user(`${ref}\ud800`))],
      ['parked', 'a number for a reference', () => auth({ ...user(null), reference_id: 4711 })],
      ['ignored', 'no user', () => ({ type: 'auth', status: 'success' })],
      ['ignored', 'a user without an id', (ref) => auth({ ...user(ref), user_id: null })],
      ['ignored', 'a user without a provider', (ref) => auth({ ...user(ref), provider: '' })],
      ['ignored', 'no status', (ref) => ({ ...auth(user(ref)), status: undefined })],
      ['ignored', 'an unknown status', (ref) => ({ ...auth(user(ref)), status: 'warning' })],
    ])('is %s and links no account when it has %s', async (status, _case, event) => {
      const before = await totals();
      const stored = await deliver(event(newReference()));
      expect(stored).toMatchObject({ status, note: expect.any(String) as unknown });
      expect(await totals()).toEqual(before);
    });

    it('links no account and fails the session in its old form, with status error', async () => {
      const { id, referenceId } = await startSession(service);
      const before = await totals();
      const event = { ...auth(user(referenceId)), status: 'error', reason: 'missing_scopes' };
      expect(await deliver(event)).toMatchObject({ status: 'done' });
      expect(await totals()).toEqual(before);
      expect(await readSession(service, id)).toMatchObject({
        status: 'failed',
        providerReason: 'missing_scopes',
        connections: [],
      });
    });

    it('does not change an existing connection in its old form, with status error', async () => {
      const { referenceId, terraUser, connection } = await linked();
      await deliver({ type: 'auth', status: 'error', user: terraUser, reason: 'access_denied' });
      expect(await connectionsOf(service, referenceId)).toEqual([connection]);
    });

    it('T-16: never moves a Terra user from one end user to another', async () => {
      const owner = await linked();
      const claimant = newReference();
      const event = auth({ ...owner.terraUser, reference_id: claimant, scopes: 'Z' });
      const later = { occurredAt: new Date(Date.now() + 1_000) };
      expect(await deliver(event, later)).toMatchObject({ status: 'parked' });
      expect(await connectionsOf(service, claimant)).toEqual([]);
      expect(await connectionsOf(service, owner.referenceId)).toEqual([owner.connection]);
    });

    it('T-16: when another end user reconnects the account, the old connection becomes moved and keeps its Terra user', async () => {
      const owner = await linked();
      const other = newReference();
      const renewed = user(other);
      await deliver({ type: 'user_reauth', old_user: owner.terraUser, new_user: renewed });
      const [moved] = await connectionsOf(service, owner.referenceId);
      expect(moved).toMatchObject({ id: owner.connection.id, status: 'moved', statusReason: 'moved' });
      expect(moved?.terraUserId).toBe(owner.terraUser.user_id);
      expect(await connectionsOf(service, other)).toMatchObject([
        { status: 'active', terraUserId: renewed.user_id },
      ]);
      expect(service.log.join('')).toContain('connection.moved_to_another_end_user');
    });
  });

  describe('auth_cancelled', () => {
    it('cancels the session of the end user, and no connection', async () => {
      const { referenceId, connection } = await linked();
      const { id } = await startSession(service, { referenceId });
      const event = { type: 'auth_cancelled', status: 'error', reason: 'access_denied' };
      expect(await deliver({ ...event, reference_id: referenceId })).toMatchObject({ status: 'done' });
      expect(await readSession(service, id)).toMatchObject({
        status: 'cancelled',
        providerReason: 'access_denied',
      });
      expect(await connectionsOf(service, referenceId)).toEqual([connection]);
    });

    it.each([null, 'null', 'unknown-end-user'])(
      'changes nothing when its reference is %p',
      async (reference) => {
        const { id } = await startSession(service);
        const before = await totals();
        const event = { type: 'auth_cancelled', status: 'error', reference_id: reference };
        expect(['done', 'ignored']).toContain((await deliver(event)).status);
        expect(await totals()).toEqual(before);
        expect((await readSession(service, id)).status).toBe('pending');
      },
    );

    it('does not undo a completed session', async () => {
      const { id, referenceId } = await startSession(service);
      await linked(referenceId);
      await deliver({ type: 'auth_cancelled', status: 'error', reference_id: referenceId });
      expect((await readSession(service, id)).status).toBe('completed');
    });
  });

  describe.each(['deauth', 'access_revoked'])('%s', (type) => {
    it('disconnects the connection, and neither a repetition nor a later auth of the same Terra user changes that', async () => {
      const { referenceId, terraUser } = await linked();
      for (const message of ['once', 'twice']) {
        expect((await deliver({ type, user: { ...terraUser, active: false }, message })).status).toBe('done');
      }
      await deliver({ ...auth(terraUser), message: 'again' });
      expect(await connectionsOf(service, referenceId)).toMatchObject([
        { status: 'disconnected', statusReason: type },
      ]);
    });

    it('T-13: is not undone by an older auth that arrives later', async () => {
      const referenceId = newReference();
      const terraUser = user(referenceId);
      await deliver({ type, user: terraUser });
      expect(await connectionsOf(service, referenceId)).toEqual([]);
      await deliver(auth(terraUser), { occurredAt: new Date(Date.now() - 60_000) });
      expect(await connectionsOf(service, referenceId)).toMatchObject([
        { status: 'disconnected', statusReason: type },
      ]);
    });

    it('is ignored without a user', async () => {
      expect(await deliver({ type, user: null })).toMatchObject({ status: 'ignored' });
    });
  });

  describe('connection_error', () => {
    it('sets needs_reauth, and a later auth reactivates the connection', async () => {
      const { referenceId, terraUser } = await linked();
      expect((await deliver({ type: 'connection_error', user: terraUser })).status).toBe('done');
      const [broken] = await connectionsOf(service, referenceId);
      expect(broken).toMatchObject({ status: 'needs_reauth', statusReason: 'connection_error' });
      await deliver(auth({ ...terraUser, scopes: 'C' }), { occurredAt: new Date(Date.now() + 1_000) });
      const recovered = { id: broken?.id, status: 'active', statusReason: null, scopes: ['C'] };
      expect(await connectionsOf(service, referenceId)).toMatchObject([recovered]);
    });

    it('T-13: changes nothing when it is older than the known state', async () => {
      const { referenceId, terraUser } = await linked();
      const old = new Date(Date.now() - 3_600_000);
      await deliver({ type: 'connection_error', user: terraUser }, { occurredAt: old });
      expect(await connectionsOf(service, referenceId)).toMatchObject([{ status: 'active' }]);
    });

    it('is parked until its Terra user is known', async () => {
      const referenceId = newReference();
      const terraUser = user(referenceId);
      const error = { type: 'connection_error', user: terraUser };
      expect(await deliver(error)).toMatchObject({ status: 'parked' });
      expect(await connectionsOf(service, referenceId)).toEqual([]);
      await deliver(auth(terraUser), { occurredAt: new Date(Date.now() - 60_000) });
      expect(await connectionsOf(service, referenceId)).toMatchObject([{ status: 'needs_reauth' }]);
    });
  });
});
