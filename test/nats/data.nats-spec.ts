import { randomUUID } from 'node:crypto';
import { ADMIN_KEY } from '../support/app';
import { sequenceEvents } from '../support/events';
import { newReference } from '../support/flow';
import { drainInbox, storeDeliveries } from '../support/inbox';
import { STREAM } from './support/publisher';
import { startRelayedService, type RelayedService } from './support/relayed-service';

// The server takes messages of up to 1 MB.
const LARGE_BYTES = 3_000_000;

interface Published {
  id: string;
  type: string;
  dataref?: string;
}

describe('Health data on its way to NATS', () => {
  let started: RelayedService;
  let server: RelayedService['server'];
  let service: RelayedService['service'];
  let relay: RelayedService['relay'];
  const endUser = { referenceId: newReference(), userId: randomUUID() };
  beforeAll(async () => {
    started = await startRelayedService('connection.*,data.daily');
    ({ server, service, relay } = started);
    await receive({
      type: 'auth',
      status: 'success',
      user: { user_id: endUser.userId, provider: 'GARMIN', reference_id: endUser.referenceId, scopes: '' },
    });
  });
  afterAll(() => started.close());

  const receive = async (...bodies: (string | object)[]): Promise<void> => {
    await storeDeliveries(
      service,
      bodies.map((body) => ({ body })),
    );
    await drainInbox(service, 200);
    await sequenceEvents(service);
  };
  const published = async (): Promise<(Published & { json: string })[]> =>
    (await server.stored(STREAM)).map(({ json }) => ({ ...(JSON.parse(json) as Published), json }));
  const bodyOf = (size: number): string =>
    `{ "type":"daily", "user": {"user_id":"${endUser.userId}","provider":"\\u0047ARMIN"}, "data":["${'x'.repeat(size)}"] }`;
  const fetchData = (url: string): Promise<Response> =>
    fetch(new URL(new URL(url).pathname, service.url), { headers: { authorization: `Bearer ${ADMIN_KEY}` } });

  it('comes byte for byte, or as a claim check that consumers can fetch, and nothing comes after a disconnect', async () => {
    const [small, large] = [bodyOf(10), bodyOf(LARGE_BYTES)];
    await receive(small, bodyOf(20).replace('daily', 'sleep'), large);
    await relay();
    const [connected, ...data] = await published();
    expect(connected?.type).toBe('connection.connected');
    expect(data.map(({ type }) => type)).toEqual(['data.daily', 'data.daily']);
    const whole = data.find(({ dataref }) => dataref === undefined);
    const claim = data.find(({ dataref }) => dataref !== undefined);
    expect(/"payload":(.*)}}$/s.exec(whole?.json ?? '')?.[1]).toBe(small);
    const fetched = await fetchData(claim?.dataref ?? '');
    expect([fetched.status, await fetched.text()]).toEqual([200, large]);
    // NATS has the small one, so the service deletes it. Consumers may fetch the large one until it expires.
    expect((await fetchData(`http://any/v1/events/${whole?.id}/data`)).status).toBe(410);

    await receive(bodyOf(30));
    await receive({ type: 'deauth', user: { user_id: endUser.userId, provider: 'GARMIN' } });
    await receive(bodyOf(40));
    await relay();
    // T-24: also the one that was accepted before the disconnect.
    expect((await published()).slice(3).map(({ type }) => type)).toEqual(['connection.disconnected']);
    expect((await fetchData(claim?.dataref ?? '')).status).toBe(410);
  });
});
