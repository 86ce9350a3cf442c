import { RETURN_URL, startTestApp, type TestApp } from './support/app';
import { cancelInWidget, connectThroughWidget } from './support/sandbox';

interface Session {
  id: string;
  status: string;
  connectUrl: string;
  widgetUrl: string;
  failureReason: string | null;
  connections: { id: string; terraUserId: string; provider: string }[];
}
interface Connection {
  id: string;
  referenceId: string;
  terraUserId: string;
  provider: string;
  status: string;
  scopes: string[];
}

describe('The connect flow', () => {
  let service: TestApp;
  beforeAll(async () => (service = await startTestApp()));
  afterAll(() => service.close());

  let next = 0;
  const newReference = (): string => `person-${(next += 1)}`;
  const start = async (body: Record<string, unknown>): Promise<Session> => {
    const { status, body: session } = await service.api<Session>('POST', '/v1/connect-sessions', { body });
    if (status !== 201) throw new Error(JSON.stringify(session) + service.log.slice(-5).join(''));
    return session;
  };
  const readSession = async (id: string): Promise<Session> =>
    (await service.api<Session>('GET', `/v1/connect-sessions/${id}`)).body;
  const connectionsOf = async (referenceId: string): Promise<Connection[]> => {
    const query = new URLSearchParams({ referenceId }).toString();
    return (await service.api<{ items: Connection[] }>('GET', `/v1/connections?${query}`)).body.items;
  };
  const visit = (url: string | URL): Promise<Response> => fetch(url, { redirect: 'manual' });

  it('connects the account at the callback, before any webhook is processed', async () => {
    const referenceId = newReference();
    const session = await start({
      referenceId,
      providers: ['garmin'],
      returnUrl: RETURN_URL,
      metadata: { a: 1 },
    });
    expect(session).toMatchObject({ status: 'pending', providers: ['GARMIN'], failureReason: null });

    const opened = await visit(session.connectUrl);
    expect(opened.status).toBe(302);
    expect(opened.headers.get('location')).toBe(session.widgetUrl);
    expect((await readSession(session.id)).status).toBe('opened');

    const callback = await visit(await connectThroughWidget(session.widgetUrl, { provider: 'GARMIN' }));
    expect(callback.status).toBe(303);
    expect(callback.headers.get('location')).toBe(`${RETURN_URL}?session_id=${session.id}&status=connected`);

    const [connection, ...others] = await connectionsOf(referenceId);
    expect(others).toEqual([]);
    expect(connection).toMatchObject({ referenceId, provider: 'GARMIN', status: 'active' });
    expect(connection?.scopes.length).toBeGreaterThan(0);
    const finished = await readSession(session.id);
    expect(finished).toMatchObject({ status: 'completed', connectUrl: null, widgetUrl: null });
    expect(finished.connections.map(({ id }) => id)).toEqual([connection?.id]);

    await service.drainWebhooks();
    expect(await connectionsOf(referenceId)).toHaveLength(1);
  });

  it('connects the account by webhook when the browser never returns', async () => {
    const referenceId = newReference();
    const session = await start({ referenceId });
    await connectThroughWidget(session.widgetUrl, { provider: 'OURA' });
    expect(await connectionsOf(referenceId)).toEqual([]);
    await service.drainWebhooks();
    expect(await connectionsOf(referenceId)).toMatchObject([{ provider: 'OURA', status: 'active' }]);
    expect((await readSession(session.id)).status).toBe('completed');
  });

  it('cancels the session and connects nothing when the end user denies access', async () => {
    const referenceId = newReference();
    const session = await start({ referenceId, returnUrl: RETURN_URL });
    const callback = await visit(await cancelInWidget(session.widgetUrl, { provider: 'OURA' }));
    expect(callback.headers.get('location')).toBe(`${RETURN_URL}?session_id=${session.id}&status=cancelled`);
    await service.drainWebhooks();
    expect(await readSession(session.id)).toMatchObject({
      status: 'cancelled',
      providerReason: 'access_denied',
    });
    expect(await connectionsOf(referenceId)).toEqual([]);
  });

  it('disconnects at Terra and in the service, and a repeated request changes nothing', async () => {
    const referenceId = newReference();
    const session = await start({ referenceId });
    await visit(await connectThroughWidget(session.widgetUrl, { provider: 'GARMIN' }));
    const [connection] = await connectionsOf(referenceId);
    for (let time = 0; time < 2; time += 1) {
      const answer = await service.api<Connection>('DELETE', `/v1/connections/${connection?.id}`);
      expect(answer.status).toBe(202);
      expect(answer.body).toMatchObject({ status: 'disconnecting', statusReason: 'disconnect_requested' });
    }
    await service.drainDeauthentications();
    expect(service.sandbox.account.usersOf(referenceId)).toEqual([]);
    const ended = { status: 'disconnected', statusReason: 'disconnected_by_us' };
    expect(await connectionsOf(referenceId)).toMatchObject([ended]);
    const again = await service.api<Connection>('DELETE', `/v1/connections/${connection?.id}`);
    expect(again).toMatchObject({ status: 202, body: ended });
  });
});
