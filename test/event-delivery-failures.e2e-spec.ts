import type { ServerResponse } from 'node:http';
import { loggedLines, startTestApp, type TestApp } from './support/app';
import { checkEvent, sequenceEvents } from './support/events';
import { newReference, shiftClock } from './support/flow';
import { closeAll } from './support/terra-client';
import {
  appendEvent,
  createEndpoint,
  deliver,
  deliveriesOf,
  startWebhookReceiver,
  type DeliveryAnswer,
  type EndpointAnswer,
  type WebhookReceiver,
} from './support/webhook-receiver';

const HOUR = 3_600;
const DAY = 24 * HOUR;
const answering =
  (status: number, headers: Record<string, string> = {}) =>
  (_event: unknown, response: ServerResponse): unknown =>
    response.writeHead(status, headers).end();

describe('A delivery that fails', () => {
  let service: TestApp;
  beforeAll(async () => {
    service = await startTestApp({ OUTBOUND_ALLOW_PRIVATE: 'true' });
  });
  beforeEach(() => {
    // The longest delay of each retry.
    jest.spyOn(Math, 'random').mockReturnValue(1);
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await closeAll();
    await service.query(
      'TRUNCATE terra_connect.event_endpoints, terra_connect.event_deliveries, terra_connect.event_lanes',
    );
  });
  afterAll(() => service.close());

  const deliverAt = async (seconds: number): Promise<void> => {
    shiftClock(service, seconds);
    await deliver(service);
  };
  const read = async ({ id }: EndpointAnswer): Promise<EndpointAnswer> =>
    (await service.api<EndpointAnswer>('GET', `/v1/webhook-endpoints/${id}`)).body;
  const only = async (endpoint: EndpointAnswer): Promise<DeliveryAnswer> => {
    const [delivery] = await deliveriesOf(service, endpoint);
    return delivery as DeliveryAnswer;
  };
  const metric = async (name: string): Promise<string> => {
    const text = await (await fetch(`${service.url}/metrics`)).text();
    return text.split('\n').find((line) => line.startsWith(name)) ?? '';
  };

  it('is repeated with the same id, later each time, and its attempts are listed', async () => {
    const receiver = await startWebhookReceiver();
    const endpoint = await createEndpoint(service, receiver);
    receiver.answer = answering(500);
    const id = await appendEvent(service, newReference());
    await deliver(service);
    await deliverAt(4);
    expect(receiver.received).toHaveLength(1);
    await deliverAt(6);
    expect(receiver.received).toHaveLength(2);
    await deliverAt(6 + 9);
    expect(receiver.received).toHaveLength(2);
    receiver.answer = answering(202);
    await deliverAt(6 + 11);
    expect(receiver.received.map(({ headers }) => headers['webhook-id'])).toEqual([id, id, id]);
    expect(await only(endpoint)).toMatchObject({
      eventId: id,
      status: 'delivered',
      attempts: 3,
      lastAttempts: [
        { status: 500, error: null },
        { status: 500, error: null },
        { status: 202, error: null },
      ],
      deliveredAt: expect.any(String) as unknown,
    });
    expect(await read(endpoint)).toMatchObject({ failingSince: null });
  });

  it('T-18: is a redirect, which the service does not follow', async () => {
    const [receiver, target] = [await startWebhookReceiver(), await startWebhookReceiver()];
    const endpoint = await createEndpoint(service, receiver);
    receiver.answer = answering(307, { location: target.url });
    await appendEvent(service, newReference());
    await deliver(service);
    expect(await only(endpoint)).toMatchObject({ status: 'pending', lastAttempts: [{ status: 307 }] });
    expect(target.received).toEqual([]);
  });

  it('is repeated when the receiver asks for it, and the whole endpoint waits so long', async () => {
    const receiver = await startWebhookReceiver();
    await createEndpoint(service, receiver);
    receiver.answer = answering(429, { 'retry-after': '600' });
    await appendEvent(service, newReference());
    await deliver(service);
    receiver.answer = answering(204);
    await appendEvent(service, newReference());
    await deliverAt(590);
    expect(receiver.received).toHaveLength(1);
    await deliverAt(610);
    expect(receiver.received).toHaveLength(3);
  });

  it('R11: is given up after three days, and the next one of the person follows', async () => {
    const receiver = await startWebhookReceiver();
    const endpoint = await createEndpoint(service, receiver);
    const person = newReference();
    const poison = await appendEvent(service, person);
    receiver.answer = ({ id }, response) => response.writeHead(id === poison ? 500 : 204).end();
    await deliver(service);
    const next = await appendEvent(service, person);
    for (let seconds = 2 * HOUR; seconds < 3 * DAY - 60; seconds += 3 * HOUR) await deliverAt(seconds);
    const statuses = async () => (await deliveriesOf(service, endpoint)).map(({ status }) => status);
    expect(await statuses()).toEqual(['pending', 'pending']);
    const attempts = receiver.received.length;
    expect(attempts).toBeGreaterThan(20);
    await deliverAt(3 * DAY + 60);
    expect(await statuses()).toEqual(['delivered', 'given_up']);
    expect(receiver.received.slice(attempts).map(({ event }) => event.id)).toEqual([poison, next]);
    expect(loggedLines(service, 'event_delivery.given_up')).toEqual([
      expect.objectContaining({ eventId: poison, endpointId: endpoint.id }),
    ]);
  });

  it('R11: arrives when the receiver was down for two days', async () => {
    const receiver = await startWebhookReceiver();
    await createEndpoint(service, receiver);
    receiver.answer = answering(503);
    const people = [newReference(), newReference(), newReference()];
    const sent: string[] = [];
    for (let seconds = 0; seconds < 2 * DAY; seconds += 4 * HOUR) {
      shiftClock(service, seconds);
      for (const person of people) sent.push(await appendEvent(service, person));
      await deliver(service);
    }
    const accepted: string[] = [];
    receiver.answer = ({ id }, response) => {
      accepted.push(id);
      response.end();
    };
    for (let hours = 48; hours < 56; hours += 1) await deliverAt(hours * HOUR);
    expect(accepted.sort()).toEqual(sent.sort());
  });

  /** The endpoint.disabled events that another endpoint got. */
  async function watch(): Promise<WebhookReceiver> {
    const watcher = await startWebhookReceiver();
    await createEndpoint(service, watcher, ['endpoint.*']);
    return watcher;
  }

  it('with 410 disables the endpoint at once, with an event, a log line and a metric', async () => {
    const receiver = await startWebhookReceiver();
    const watcher = await watch();
    const endpoint = await createEndpoint(service, receiver);
    receiver.answer = answering(410);
    const person = newReference();
    const first = await appendEvent(service, person);
    await deliver(service);
    expect(await read(endpoint)).toMatchObject({ enabled: false, disabledReason: 'gone' });
    await sequenceEvents(service);
    await deliver(service);
    expect(watcher.received.map(({ event }) => event.data)).toEqual([
      { endpointId: endpoint.id, description: null, reason: 'gone', failingSince: null },
    ]);
    for (const { event } of watcher.received) checkEvent(event);
    expect(loggedLines(service, 'webhook_endpoint.disabled')).toEqual([
      expect.objectContaining({ endpointId: endpoint.id, reason: 'gone', level: 'warn' }),
    ]);
    expect(await metric('terra_connect_webhook_endpoints_disabled_total')).toBe(
      'terra_connect_webhook_endpoints_disabled_total{reason="gone"} 1',
    );

    // Its deliveries rest, and new events create none.
    await appendEvent(service, person);
    await deliverAt(DAY);
    expect(receiver.received).toHaveLength(1);
    receiver.answer = answering(204);
    await service.api('PATCH', `/v1/webhook-endpoints/${endpoint.id}`, { body: { enabled: true } });
    await deliver(service);
    expect(receiver.received.slice(1).map(({ event }) => event.id)).toEqual([first]);
  });

  it('for five days disables the endpoint, with an event', async () => {
    const receiver = await startWebhookReceiver();
    const watcher = await watch();
    const endpoint = await createEndpoint(service, receiver);
    receiver.answer = answering(500);
    for (let seconds = 0; seconds < 5 * DAY - HOUR; seconds += 12 * HOUR) {
      shiftClock(service, seconds);
      await appendEvent(service, newReference());
      await deliver(service);
    }
    expect(await read(endpoint)).toMatchObject({
      enabled: true,
      failingSince: expect.any(String) as unknown,
    });
    await deliverAt(5 * DAY + HOUR);
    expect(await read(endpoint)).toMatchObject({ enabled: false, disabledReason: 'failing' });
    await sequenceEvents(service);
    await deliver(service);
    expect(watcher.received.map(({ event }) => event.data)).toMatchObject([
      { endpointId: endpoint.id, reason: 'failing', failingSince: expect.any(String) as unknown },
    ]);
  });

  it('before an accepted one does not count for the five days', async () => {
    const receiver = await startWebhookReceiver();
    const endpoint = await createEndpoint(service, receiver);
    const stuck = await appendEvent(service, newReference());
    receiver.answer = ({ id }, response) => response.writeHead(id === stuck ? 500 : 204).end();
    for (let seconds = 0; seconds < 6 * DAY; seconds += 12 * HOUR) {
      shiftClock(service, seconds);
      await deliver(service);
      await appendEvent(service, newReference());
      await deliver(service);
    }
    expect(await read(endpoint)).toMatchObject({ enabled: true, failingSince: null });
  });
});
