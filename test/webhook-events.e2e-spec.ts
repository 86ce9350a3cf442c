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

describe('What each event of Terra does, and does not', () => {
  let service: TestApp;
  beforeAll(async () => (service = await startTestApp()));
  afterAll(() => service.close());

  const user = (referenceId: string | null, over: object = {}) => ({
    user_id: randomUUID(),
    provider: 'GARMIN',
    reference_id: referenceId,
    scopes: 'A,B',
    active: true,
    ...over,
  });
  const auth = (of: object) => ({ type: 'auth', status: 'success', user: of });

  /** Delivers an event, works it off, and tells what became of it. */
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
    const of = user(referenceId);
    await deliver(auth(of));
    const [connection] = await connectionsOf(service, referenceId);
    if (!connection) throw new Error('The user was not linked.');
    return { referenceId, of, connection };
  };
  const totals = async (): Promise<unknown> =>
    service.query(`SELECT (SELECT count(*) FROM terra_connect.connections) AS connections,
      (SELECT count(*) FROM terra_connect.connection_identities WHERE connection_id IS NOT NULL) AS identities`);

  describe('auth', () => {
    it.each([
      ['in the user alone', (ref: string) => auth(user(ref))],
      ['at the top alone', (ref: string) => ({ ...auth(user(null)), reference_id: ref })],
      ['in both places', (ref: string) => ({ ...auth(user(ref)), reference_id: ref })],
    ])('links when the reference is %s', async (_case, event) => {
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
    ])('is %s and links nobody when it has %s', async (status, _case, event) => {
      const before = await totals();
      const stored = await deliver(event(newReference()));
      expect(stored).toMatchObject({ status, note: expect.any(String) as unknown });
      expect(await totals()).toEqual(before);
    });

    it('of the old form that tells of a failure links nobody and fails the session', async () => {
      const { id, referenceId } = await startSession(service);
      const before = await totals();
      const event = { ...auth(user(referenceId)), status: 'error', reason: 'missing_scopes' };
      expect(await deliver(event)).toMatchObject({ status: 'done' });
      expect(await totals()).toEqual(before);
      expect(await readSession(service, id)).toMatchObject({
        status: 'failed',
        failureReason: 'missing_scopes',
        connections: [],
      });
    });

    it('of the old form does not touch a connection that is there', async () => {
      const { referenceId, of, connection } = await linked();
      await deliver({ type: 'auth', status: 'error', user: of, reason: 'access_denied' });
      expect(await connectionsOf(service, referenceId)).toEqual([connection]);
    });

    it('T-16: never moves a Terra user from one person to another', async () => {
      const owner = await linked();
      const thief = newReference();
      const event = auth({ ...owner.of, reference_id: thief, scopes: 'Z' });
      const later = { occurredAt: new Date(Date.now() + 1_000) };
      expect(await deliver(event, later)).toMatchObject({ status: 'parked' });
      expect(await connectionsOf(service, thief)).toEqual([]);
      expect(await connectionsOf(service, owner.referenceId)).toEqual([owner.connection]);
    });

    it('T-16: an account that is connected anew under another reference is moved, never updated in place', async () => {
      const owner = await linked();
      const other = newReference();
      const renewed = user(other);
      await deliver({ type: 'user_reauth', old_user: owner.of, new_user: renewed });
      const [left] = await connectionsOf(service, owner.referenceId);
      expect(left).toMatchObject({ id: owner.connection.id, status: 'moved', statusReason: 'moved' });
      expect(left?.terraUserId).toBe(owner.of.user_id);
      expect(await connectionsOf(service, other)).toMatchObject([
        { status: 'active', terraUserId: renewed.user_id },
      ]);
      expect(service.log.join('')).toContain('connection.moved_to_another_end_user');
    });
  });

  describe('auth_cancelled', () => {
    it('cancels the session of the person, not their other connections', async () => {
      const { referenceId, connection } = await linked();
      const { id } = await startSession(service, { referenceId });
      const event = { type: 'auth_cancelled', status: 'error', reason: 'access_denied' };
      expect(await deliver({ ...event, reference_id: referenceId })).toMatchObject({ status: 'done' });
      expect(await readSession(service, id)).toMatchObject({
        status: 'cancelled',
        failureReason: 'access_denied',
      });
      expect(await connectionsOf(service, referenceId)).toEqual([connection]);
    });

    it.each([null, 'null', 'nobody-we-know'])('of the reference %p changes nothing', async (reference) => {
      const { id } = await startSession(service);
      const before = await totals();
      const event = { type: 'auth_cancelled', status: 'error', reference_id: reference };
      expect(['done', 'ignored']).toContain((await deliver(event)).status);
      expect(await totals()).toEqual(before);
      expect((await readSession(service, id)).status).toBe('pending');
    });

    it('does not undo a session that has been completed', async () => {
      const { id, referenceId } = await startSession(service);
      await linked(referenceId);
      await deliver({ type: 'auth_cancelled', status: 'error', reference_id: referenceId });
      expect((await readSession(service, id)).status).toBe('completed');
    });
  });

  describe.each(['deauth', 'access_revoked'])('%s', (type) => {
    it('revokes, once and for all', async () => {
      const { referenceId, of } = await linked();
      for (const message of ['once', 'twice']) {
        expect((await deliver({ type, user: { ...of, active: false }, message })).status).toBe('done');
      }
      await deliver({ ...auth(of), message: 'again' });
      expect(await connectionsOf(service, referenceId)).toMatchObject([
        { status: 'disconnected', statusReason: type },
      ]);
    });

    it('T-13: that comes before the auth it ends is not undone by it', async () => {
      const referenceId = newReference();
      const of = user(referenceId);
      await deliver({ type, user: of });
      expect(await connectionsOf(service, referenceId)).toEqual([]);
      await deliver(auth(of), { occurredAt: new Date(Date.now() - 60_000) });
      expect(await connectionsOf(service, referenceId)).toMatchObject([
        { status: 'disconnected', statusReason: type },
      ]);
    });

    it('without a user is ignored', async () => {
      expect(await deliver({ type, user: null })).toMatchObject({ status: 'ignored' });
    });
  });

  describe('connection_error', () => {
    it('marks the connection, and a later auth brings it back', async () => {
      const { referenceId, of } = await linked();
      expect((await deliver({ type: 'connection_error', user: of })).status).toBe('done');
      const [broken] = await connectionsOf(service, referenceId);
      expect(broken).toMatchObject({ status: 'needs_reauth', statusReason: 'connection_error' });
      await deliver(auth({ ...of, scopes: 'C' }), { occurredAt: new Date(Date.now() + 1_000) });
      const mended = { id: broken?.id, status: 'active', statusReason: null, scopes: ['C'] };
      expect(await connectionsOf(service, referenceId)).toMatchObject([mended]);
    });

    it('T-13: that is older than what we know changes nothing', async () => {
      const { referenceId, of } = await linked();
      const old = new Date(Date.now() - 3_600_000);
      await deliver({ type: 'connection_error', user: of }, { occurredAt: old });
      expect(await connectionsOf(service, referenceId)).toMatchObject([{ status: 'active' }]);
    });

    it('of a user whom nobody knows yet waits for them', async () => {
      const referenceId = newReference();
      const of = user(referenceId);
      const error = { type: 'connection_error', user: of };
      expect(await deliver(error)).toMatchObject({ status: 'parked' });
      expect(await connectionsOf(service, referenceId)).toEqual([]);
      await deliver(auth(of), { occurredAt: new Date(Date.now() - 60_000) });
      expect(await connectionsOf(service, referenceId)).toMatchObject([{ status: 'needs_reauth' }]);
    });
  });
});
