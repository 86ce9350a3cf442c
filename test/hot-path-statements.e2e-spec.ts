import { ADMIN_KEY, startTestApp, type TestApp } from './support/app';
import { sequenceEvents } from './support/events';
import { newReference, startSession } from './support/flow';
import { statementsOf } from './support/statements';
import { closeAll } from './support/terra-client';
import { appendEvent, createEndpoint, deliver, startWebhookReceiver } from './support/webhook-receiver';

describe('The statements that a hot path sends to Postgres', () => {
  let service: TestApp;
  beforeAll(async () => {
    service = await startTestApp({ OUTBOUND_ALLOW_PRIVATE: 'true' });
    // Connects, reads the API key and Terra's catalogue of providers.
    await startSession(service);
  });
  afterAll(() => service.close());

  const connectedReference = async (): Promise<string> => {
    const referenceId = newReference();
    service.sandbox.account.connect({ provider: 'GARMIN', referenceId });
    await service.drainWebhooks();
    return referenceId;
  };

  it('a look-up of the connections of an end user is one statement', async () => {
    const referenceId = await connectedReference();
    const statements = await statementsOf(async () => {
      const { status, body } = await service.api<{ items: object[] }>(
        'GET',
        `/v1/connections?referenceId=${referenceId}`,
      );
      expect({ status, body }).toMatchObject({ status: 200, body: { items: [{ referenceId }] } });
    });
    expect(statements).toEqual([expect.stringContaining('FROM terra_connect.connections')]);
  });

  it('the creation of a session is two statements: one before the call of Terra, one after it', async () => {
    const statements = await statementsOf(() => startSession(service, { providers: ['GARMIN', 'OURA'] }));
    expect(statements).toEqual([
      expect.stringContaining('INSERT INTO terra_connect.connect_sessions'),
      expect.stringContaining('UPDATE terra_connect.connect_sessions'),
    ]);
  });

  it('the status of a session is one statement until it has a connection, and two afterwards', async () => {
    const { id } = await startSession(service);
    const read = () => statementsOf(() => service.api('GET', `/v1/connect-sessions/${id}`));
    expect(await read()).toEqual([expect.stringContaining('FROM terra_connect.connect_sessions')]);
    const [connection] = await service.query<{ id: string }>(
      'SELECT id FROM terra_connect.connections WHERE reference_id = $1',
      [await connectedReference()],
    );
    await service.query(
      'INSERT INTO terra_connect.connect_session_connections (session_id, connection_id) VALUES ($1, $2)',
      [id, connection?.id],
    );
    expect(await read()).toEqual([
      expect.stringContaining('FROM terra_connect.connect_sessions'),
      expect.stringContaining('FROM terra_connect.connections'),
    ]);
  });

  it('events get their positions, and their deliveries, in one transaction of four statements', async () => {
    await connectedReference();
    const texts = await statementsOf(() => sequenceEvents(service));
    const begin = texts.indexOf('START TRANSACTION');
    expect(texts.slice(begin, begin + 6)).toEqual([
      'START TRANSACTION',
      expect.stringContaining('FROM terra_connect.event_log FOR UPDATE'),
      expect.stringContaining('SELECT id, type FROM terra_connect.outgoing_events'),
      expect.stringContaining('UPDATE terra_connect.outgoing_events'),
      expect.stringContaining('INSERT INTO terra_connect.event_deliveries'),
      'COMMIT',
    ]);
  });

  it('the last delivery of a lane is stored, and its lane released, in one transaction', async () => {
    // The events of the tests above get their positions before there is an endpoint.
    await sequenceEvents(service);
    await createEndpoint(service, await startWebhookReceiver(), ['*']);
    await appendEvent(service, newReference());
    const statements = await statementsOf(() => deliver(service));
    const stored = statements.findIndex((text) => text.startsWith('START TRANSACTION'));
    expect(statements.slice(stored, stored + 4)).toEqual([
      'START TRANSACTION',
      expect.stringContaining('UPDATE terra_connect.event_deliveries'),
      expect.stringContaining('DELETE FROM terra_connect.event_lanes'),
      'COMMIT',
    ]);
    expect(statements.filter((text) => text === 'COMMIT')).toHaveLength(1);
    await closeAll();
  });

  it('with API_KEY_CACHE_SECONDS=0, each request reads the key in one more statement', async () => {
    const other = await startTestApp({ DATABASE_URL: service.databaseUrl, API_KEY_CACHE_SECONDS: '0' });
    const look = () => other.api('GET', '/v1/connections?referenceId=x', { key: ADMIN_KEY });
    await look();
    expect(await statementsOf(look)).toEqual([
      expect.stringContaining('FROM terra_connect.api_keys'),
      expect.stringContaining('FROM terra_connect.connections'),
    ]);
    await other.close();
  });
});
