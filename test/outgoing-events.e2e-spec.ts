import type { CloudEvent } from '../src/events/cloud-event';
import { ConnectSessionWorker } from '../src/connect-sessions';
import { ErasureWorker } from '../src/privacy';
import { startTestApp, type TestApp } from './support/app';
import { eventsOf } from './support/events';
import { connectionsOf, newReference, shiftClock, startSession, visit } from './support/flow';
import { connectThroughWidget } from './support/sandbox';

describe('The events of a person', () => {
  let service: TestApp;
  beforeAll(async () => (service = await startTestApp()));
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => service.close());

  const connect = async (referenceId: string, provider = 'GARMIN'): Promise<void> => {
    const { widgetUrl } = await startSession(service, { referenceId });
    await visit(await connectThroughWidget(widgetUrl, { provider }));
    await service.drainWebhooks();
  };
  const typesOf = (events: CloudEvent[]): string[] => events.map(({ type }) => type);

  it('tell once that an account was connected and a session completed, whatever reports it', async () => {
    const referenceId = newReference();
    await connect(referenceId);
    const events = await eventsOf(service, referenceId);
    expect(typesOf(events).sort()).toEqual(['connect_session.completed', 'connection.connected']);
    const [connection] = await connectionsOf(service, referenceId);
    const connected = events.find(({ type }) => type === 'connection.connected');
    expect(connected).toMatchObject({
      subject: referenceId,
      data: {
        // A later report corrects the times without an event.
        connection: {
          ...connection,
          connectedAt: expect.anything() as unknown,
          updatedAt: expect.anything() as unknown,
        },
        previous: null,
        origin: 'end_user',
      },
    });
    const completed = events.find(({ type }) => type === 'connect_session.completed');
    expect(completed?.data).toMatchObject({
      session: { status: 'completed', connectionIds: [connection?.id] },
    });
    // No link of a session, and no secret, is in an event.
    expect(JSON.stringify(completed)).not.toMatch(/https?:..[^"]*connect\//);
  });

  it('tell a disconnect as it begins and as Terra confirms it, and whose doing it was', async () => {
    const referenceId = newReference();
    await connect(referenceId);
    const [{ id } = { id: '' }] = await connectionsOf(service, referenceId);
    await service.api('DELETE', `/v1/connections/${id}`);
    await service.api('DELETE', `/v1/connections/${id}`);
    await service.drainDeauthentications();
    const events = (await eventsOf(service, referenceId)).slice(2);
    expect(typesOf(events)).toEqual(['connection.disconnecting', 'connection.disconnected']);
    expect(events.map(({ data }) => data)).toMatchObject([
      { previous: { status: 'active' }, connection: { status: 'disconnecting' }, origin: 'us' },
      {
        previous: { status: 'disconnecting' },
        connection: { statusReason: 'disconnected_by_us' },
        origin: 'us',
      },
    ]);
  });

  it('tell that a session expired', async () => {
    const referenceId = newReference();
    await startSession(service, { referenceId });
    shiftClock(service, 2 * 86_400);
    await service.app.get(ConnectSessionWorker, { strict: false }).runOnce();
    expect(typesOf(await eventsOf(service, referenceId))).toEqual(['connect_session.expired']);
  });

  it('tell that Terra did not create a session', async () => {
    const referenceId = newReference();
    service.sandbox.behaviour.failWith = [400, 400];
    await service.api('POST', '/v1/connect-sessions', { body: { referenceId } });
    service.sandbox.behaviour.failWith = [];
    expect(typesOf(await eventsOf(service, referenceId))).toEqual(['connect_session.failed']);
  });

  it('end with end_user.erased, which is the only event that an erasure leaves', async () => {
    const referenceId = newReference();
    await connect(referenceId);
    await startSession(service, { referenceId });
    await service.api('DELETE', `/v1/end-users/${encodeURIComponent(referenceId)}`);
    const during = typesOf(await eventsOf(service, referenceId));
    expect(during.slice(2).sort()).toEqual(['connect_session.cancelled', 'connection.disconnecting']);
    await service.drainDeauthentications();
    const erasures = service.app.get(ErasureWorker, { strict: false });
    while (await erasures.runOnce());
    const events = await eventsOf(service, referenceId);
    expect(events.map(({ type, data }) => ({ type, data }))).toEqual([
      { type: 'end_user.erased', data: { referenceId } },
    ]);
  });
});
