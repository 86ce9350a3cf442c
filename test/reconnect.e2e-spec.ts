import { randomUUID } from 'node:crypto';
import { startTestApp, type TestApp } from './support/app';
import {
  connectionsOf,
  newReference,
  readSession,
  startSession,
  visit,
  type ConnectionAnswer,
  type SessionAnswer,
} from './support/flow';
import { connectThroughWidget } from './support/sandbox';

type Reconnecting = SessionAnswer & { connectionId: string | null; providers: string[] };

describe('A session for an existing connection', () => {
  let service: TestApp;
  beforeAll(async () => (service = await startTestApp()));
  beforeEach(() => service.sandbox.reset());
  afterEach(() => {
    // No test makes the service disconnect an account of the end user.
    const paths = service.sandbox.requests.map(({ path }) => path);
    expect(paths.filter((path) => path.includes('deauthenticate'))).toEqual([]);
  });
  afterAll(() => service.close());

  /** The connection of an end user who has connected a Garmin account. */
  const connected = async (referenceId = newReference()): Promise<ConnectionAnswer> => {
    service.sandbox.account.connect({ provider: 'GARMIN', referenceId });
    await service.drainWebhooks();
    return (await connectionsOf(service, referenceId))[0] as ConnectionAnswer;
  };
  const reconnect = (connection: ConnectionAnswer, body: object = {}): Promise<Reconnecting> =>
    startSession(service, {
      referenceId: connection.referenceId,
      connectionId: connection.id,
      ...body,
    }) as Promise<Reconnecting>;
  const ask = (body: object) => service.api('POST', '/v1/connect-sessions', { body });
  const resend = async (type: string): Promise<void> => {
    const delivery = service.sandbox.deliveries.findLast((one) => one.type === type);
    if (!delivery) throw new Error(`The sandbox has not sent ${type}.`);
    service.sandbox.resend(delivery.id);
    await service.drainWebhooks();
  };

  it('names the connection and offers only its provider', async () => {
    const connection = await connected();
    const session = await reconnect(connection, { providers: ['garmin'] });
    expect(session).toMatchObject({ connectionId: connection.id, providers: ['GARMIN'], status: 'pending' });
    expect(await readSession(service, session.id)).toMatchObject({ connectionId: connection.id });
    const other = await startSession(service, { referenceId: connection.referenceId });
    expect(other).toMatchObject({ connectionId: null, providers: [] });
    expect(await connectionsOf(service, connection.referenceId)).toEqual([connection]);
  });

  const permutations = (names: string[]): string[][] =>
    names.length === 0
      ? [[]]
      : names.flatMap((name) =>
          permutations(names.filter((other) => other !== name)).map((rest) => [name, ...rest]),
        );

  it.each(permutations(['deauth', 'callback', 'auth']))(
    'reactivates a disconnected connection under the same id, in the order %s, %s, %s',
    async (...order) => {
      const before = await connected();
      const { behaviour, account } = service.sandbox;
      behaviour.webhooks = 'off';
      behaviour.deauthDelayMs = 0;
      account.deauthenticate(before.terraUserId);
      const session = await reconnect(before);
      await visit(session.connectUrl);
      const callbackUrl = await connectThroughWidget(session.widgetUrl, { provider: 'GARMIN' });
      const [user] = account.usersOf(before.referenceId);
      expect(user?.userId).not.toBe(before.terraUserId);

      for (const event of order) {
        if (event === 'callback') expect((await visit(callbackUrl)).status).toBe(303);
        else await resend(event);
      }
      expect(await connectionsOf(service, before.referenceId)).toMatchObject([
        { id: before.id, status: 'active', statusReason: null, terraUserId: user?.userId },
      ]);
      const { status, connections } = await readSession(service, session.id);
      expect([status, connections.map(({ id }) => id)]).toEqual(['completed', [before.id]]);
    },
  );

  it('reactivates a connection that needs reauthorization under the same id', async () => {
    const before = await connected();
    service.sandbox.account.reportConnectionError(before.terraUserId);
    await service.drainWebhooks();
    const { referenceId } = before;
    expect(await connectionsOf(service, referenceId)).toMatchObject([
      { id: before.id, status: 'needs_reauth' },
    ]);
    const session = await reconnect(before);
    // The same account at the provider: Terra replaces its user, and reports it.
    await visit(await connectThroughWidget(session.widgetUrl, { provider: 'GARMIN' }));
    await service.drainWebhooks();
    const [user] = service.sandbox.account.usersOf(referenceId);
    expect(await connectionsOf(service, referenceId)).toMatchObject([
      { id: before.id, status: 'active', terraUserId: user?.userId },
    ]);
    expect(user?.userId).not.toBe(before.terraUserId);
    expect((await readSession(service, session.id)).connections).toMatchObject([{ id: before.id }]);
  });

  it('continues the connection with another account if the end user picks one', async () => {
    const before = await connected();
    const session = await reconnect(before);
    await visit(
      await connectThroughWidget(session.widgetUrl, { provider: 'GARMIN', account: 'other@example.com' }),
    );
    const atReturn = await connectionsOf(service, before.referenceId);
    expect(atReturn).toMatchObject([{ id: before.id, status: 'active', provider: 'GARMIN' }]);
    expect(atReturn[0]?.terraUserId).not.toBe(before.terraUserId);
    await service.drainWebhooks();
    const [{ id, terraUserId } = before] = atReturn;
    expect(await connectionsOf(service, before.referenceId)).toMatchObject([{ id, terraUserId }]);
    const { status, connections } = await readSession(service, session.id);
    expect([status, connections.map(({ id }) => id)]).toEqual(['completed', [before.id]]);
    expect(service.sandbox.account.usersOf(before.referenceId)).toHaveLength(2);
  });

  it('claims no Terra user of another provider or another end user', async () => {
    const [before, other] = [await connected(), await connected()];
    service.sandbox.account.deauthenticate(before.terraUserId);
    await service.drainWebhooks();
    const session = await reconnect(before);
    // The session names another end user's connection, as a bug could cause.
    await service.query(
      `UPDATE terra_connect.connect_sessions SET reconnects_connection_id = $2, reconnects_terra_user_id = $3
        WHERE id = $1`,
      [session.id, other.id, other.terraUserId],
    );
    await visit(await connectThroughWidget(session.widgetUrl, { provider: 'GARMIN' }));
    await service.drainWebhooks();
    expect(await connectionsOf(service, other.referenceId)).toEqual([other]);
    const claims = `SELECT 1 FROM terra_connect.connection_facts WHERE old_terra_user_id = $1`;
    expect(await service.query(claims, [other.terraUserId])).toEqual([]);
  });

  it('accepts the id of a merged connection as the id of the connection that it was merged into', async () => {
    const before = await connected();
    const mergedId = randomUUID();
    await service.query(
      `INSERT INTO terra_connect.connections SELECT (jsonb_populate_record(c, jsonb_build_object(
          'id', $2::text, 'terra_user_id', 'former', 'origin_terra_user_id', 'former', 'merged_into', c.id))).*
        FROM terra_connect.connections c WHERE c.id = $1`,
      [before.id, mergedId],
    );
    const session = await reconnect({ ...before, id: mergedId });
    expect(session.connectionId).toBe(before.id);
  });

  it('is rejected while the connection is disconnecting, and created when the connection is disconnected', async () => {
    const before = await connected();
    const { referenceId, id: connectionId } = before;
    await service.api('DELETE', `/v1/connections/${connectionId}`);
    const rejected = await ask({ referenceId, connectionId });
    expect(rejected).toMatchObject({ status: 409, body: { code: 'connection.disconnecting' } });
    expect(rejected.headers.get('retry-after')).toBe('5');
    service.sandbox.account.deauthenticate(before.terraUserId);
    await service.drainWebhooks();
    expect(await ask({ referenceId, connectionId })).toMatchObject({ status: 201 });
  });

  it("T-05: is rejected for another end user's connection exactly as for an unknown connection", async () => {
    const { id: otherId } = await connected();
    const own = await connected();
    const sessions = `SELECT count(*) FROM terra_connect.connect_sessions`;
    const before = await service.query(sessions);
    const unknown = randomUUID();
    const answers = await Promise.all(
      [otherId, unknown].map((connectionId) => ask({ referenceId: own.referenceId, connectionId })),
    );
    const [body, bodyOfUnknown] = answers.map(({ body }, index) =>
      JSON.stringify({ ...body, instance: undefined, requestId: undefined }).replaceAll(
        [otherId, unknown][index] as string,
        '…',
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual([404, 404]);
    expect(body).toContain('"code":"connection.not_found"');
    expect(body).toBe(bodyOfUnknown);
    // Another spelling of the reference is rejected, too.
    const upper = await ask({ referenceId: own.referenceId.toUpperCase(), connectionId: own.id });
    expect(upper.status).toBe(404);
    expect(await service.query(sessions)).toEqual(before);
    const paths = service.sandbox.requests.map(({ path }) => path);
    expect(paths.filter((path) => path.includes('idget'))).toEqual([]);
  });

  it.each([
    ['a malformed id', { connectionId: 'x' }, 'connectionId'],
    ['an id that is a number', { connectionId: 4711 }, 'connectionId'],
    ['a list of ids', { connectionId: [randomUUID()] }, 'connectionId'],
    ['another provider', { providers: ['OURA'] }, 'providers'],
    ['another provider next to its own', { providers: ['GARMIN', 'OURA'] }, 'providers'],
  ])('is rejected with %s', async (_case, body, field) => {
    const { referenceId, id: connectionId } = await connected();
    const answer = await ask({ referenceId, connectionId, ...body });
    expect(answer).toMatchObject({
      status: 422,
      body: { code: 'request.invalid', errors: [{ field }] },
    });
  });

  it('is returned again for the same Idempotency-Key, which a request without the connection cannot reuse', async () => {
    const { referenceId, id: connectionId } = await connected();
    const headers = { 'idempotency-key': randomUUID() };
    const post = (body: object) =>
      service.api<Reconnecting>('POST', '/v1/connect-sessions', { body, headers });
    const first = await post({ referenceId, connectionId });
    expect((await post({ referenceId, connectionId })).body.id).toBe(first.body.id);
    expect((await post({ referenceId })).body).toMatchObject({ code: 'idempotency.key_reused' });
  });
});
