import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerResponse } from 'node:http';
import { EventDeliveriesWorker } from '../src/events';
import { DeliveryQueueRepository } from '../src/events/deliveries/delivery-queue.repository';
import { ErasureWorker } from '../src/privacy';
import { startTestApp, type TestApp } from './support/app';
import { newReference, shiftClock } from './support/flow';
import { statementsOf } from './support/statements';
import { sequenceEvents } from './support/events';
import { closeAll } from './support/terra-client';
import {
  appendEvent,
  createEndpoint,
  deliver,
  deliveriesOf,
  startWebhookReceiver,
  verify,
  type WebhookReceiver,
} from './support/webhook-receiver';

const HOUR = 3_600;
const answering =
  (status: number) =>
  (_event: unknown, response: ServerResponse): unknown =>
    response.writeHead(status).end();

describe('The delivery of events to webhook endpoints', () => {
  let service: TestApp;
  let other: TestApp;
  beforeAll(async () => {
    service = await startTestApp({ OUTBOUND_ALLOW_PRIVATE: 'true' });
    other = await startTestApp({ OUTBOUND_ALLOW_PRIVATE: 'true', DATABASE_URL: service.databaseUrl });
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await closeAll();
    await service.query(
      'TRUNCATE terra_connect.event_endpoints, terra_connect.event_deliveries, terra_connect.event_lanes',
    );
  });
  afterAll(async () => {
    await other.close();
    await service.close();
  });

  const idsOf = ({ received }: WebhookReceiver): string[] => received.map(({ event }) => event.id);
  const countLanes = async (): Promise<number> =>
    (await service.query('SELECT FROM terra_connect.event_lanes')).length;

  it('sends each event as a signed CloudEvent, to each endpoint that subscribes to its type', async () => {
    const [one, all, none] = await Promise.all([1, 2, 3].map(startWebhookReceiver));
    const { secret } = await createEndpoint(service, one!, ['connection.connected']);
    await createEndpoint(service, all!, ['*']);
    await createEndpoint(service, none!, ['connect_session.*', 'data.*']);
    const referenceId = newReference();
    const id = await appendEvent(service, referenceId);
    const disabledId = await appendEvent(service, null, { type: 'endpoint.disabled', data: {} });
    await deliver(service);
    expect(idsOf(one!)).toEqual([id]);
    expect(idsOf(all!).sort()).toEqual([id, disabledId].sort());
    expect(none!.received).toEqual([]);
    const [request] = one!.received;
    expect(verify(request!, secret)).toEqual({
      specversion: '1.0',
      id,
      type: 'connection.connected',
      source: service.url,
      subject: referenceId,
      time: '2026-11-24T09:30:00.000Z',
      datacontenttype: 'application/json',
      sequence: expect.stringMatching(/^\d{19}$/) as string,
      data: { referenceId },
    });
    expect(request!.headers).toMatchObject({
      'content-type': 'application/cloudevents+json; charset=utf-8',
      'webhook-id': id,
    });
    expect(() => verify({ ...request!, body: `${request!.body} ` }, secret)).toThrow();
    expect(await countLanes()).toBe(0);
  });

  it('costs the sequencer one statement, and the worker one look without an endpoint', async () => {
    const statements = await statementsOf(async () => {
      await appendEvent(service, newReference());
      await deliver(service);
    });
    expect(statements.filter((text) => text.includes('event_deliveries'))).toHaveLength(1);
    expect(statements.filter((text) => text.includes('event_lanes'))).toHaveLength(1);
    expect(statements.at(-1)).toContain('FROM terra_connect.event_endpoints');
  });

  it('R11: keeps the order of each person in two processes, while the receiver fails now and then', async () => {
    const receiver = await startWebhookReceiver();
    await createEndpoint(service, receiver);
    const people = Array.from({ length: 8 }, newReference);
    const busy = new Set<string>();
    const accepted = new Map<string, string[]>(people.map((person) => [person, []]));
    let overlaps = 0;
    receiver.answer = ({ id, subject = '' }, response) => {
      if (busy.has(subject)) overlaps += 1;
      busy.add(subject);
      const fails = Math.random() < 0.25;
      if (!fails) accepted.get(subject)?.push(id);
      setTimeout(() => {
        busy.delete(subject);
        response.writeHead(fails ? 500 : 202).end();
      }, Math.random() * 15);
    };
    const sent = new Map<string, string[]>(people.map((person) => [person, []]));
    for (let round = 0; round < 15; round += 1)
      for (const person of people) sent.get(person)?.push(await appendEvent(service, person));
    for (let seconds = 0; (await countLanes()) > 0 && seconds < 500 * HOUR; seconds += 3 * HOUR) {
      for (const app of [service, other]) shiftClock(app, seconds);
      await Promise.all([deliver(service), deliver(other)]);
    }
    expect(accepted).toEqual(sent);
    expect(overlaps).toBe(0);
  });

  it('does not let a slow endpoint delay another one', async () => {
    const [slow, fast] = [await startWebhookReceiver(), await startWebhookReceiver()];
    const held: ServerResponse[] = [];
    slow.answer = (_, response) => held.push(response);
    await createEndpoint(service, slow);
    await createEndpoint(service, fast);
    for (let people = 0; people < 100; people += 1) await appendEvent(service, newReference());
    const slowRun = deliver(service);
    // More rounds than the slow endpoint has answers.
    const runs: Promise<boolean>[] = [];
    while (fast.received.length < 100) {
      runs.push(other.app.get(EventDeliveriesWorker, { strict: false }).runOnce());
      await sleep(20);
    }
    expect(slow.received.length).toBeLessThanOrEqual(64);
    slow.answer = (_, response) => response.end();
    for (const response of held) response.end();
    await Promise.all([slowRun, ...runs]);
    await deliver(other);
    expect(slow.received).toHaveLength(100);
  });

  it('R11: after kill -9, repeats only the deliveries in flight, when the lease has ended', async () => {
    const receiver = await startWebhookReceiver();
    await createEndpoint(service, receiver);
    const person = newReference();
    const ids = [
      await appendEvent(service, person),
      await appendEvent(service, person),
      await appendEvent(service, person),
    ];
    const held: ServerResponse[] = [];
    receiver.answer = ({ id }, response) => (id === ids[1] ? held.push(response) : response.end());
    // This process gets no answer to the second event before its lease ends.
    const dying = deliver(other);
    while (held.length === 0) await sleep(10);
    receiver.answer = (_, response) => response.end();
    await deliver(service);
    expect(idsOf(receiver)).toEqual(ids.slice(0, 2));
    shiftClock(service, 61);
    await deliver(service);
    expect(idsOf(receiver)).toEqual([ids[0], ids[1], ids[1], ids[2]]);
    // The first process was only slow. It has lost the lane, so it sends nothing more and stores nothing.
    held[0]?.writeHead(500).end();
    await dying;
    expect(idsOf(receiver)).toHaveLength(4);
    expect(await countLanes()).toBe(0);
  });

  it('loses no event that arrives in the moment in which its lane becomes empty', async () => {
    const receiver = await startWebhookReceiver();
    await createEndpoint(service, receiver);
    const person = newReference();
    const first = await appendEvent(service, person);
    const held: ServerResponse[] = [];
    receiver.answer = (_, response) => held.push(response);
    const delivering = deliver(service);
    while (held.length === 0) await sleep(10);

    // The sequencer has added the second event, and has not committed yet.
    const queue = service.app.get(DeliveryQueueRepository, { strict: false });
    const fanOut = queue.fanOut.bind(queue);
    let commit = (): void => undefined;
    const mayCommit = new Promise<void>((resolve) => (commit = resolve));
    let isAdded = false;
    jest.spyOn(queue, 'fanOut').mockImplementation(async (...args) => {
      const hasAdded = await fanOut(...args);
      isAdded = true;
      await mayCommit;
      return hasAdded;
    });
    const second = appendEvent(service, person);
    while (!isAdded) await sleep(10);

    // The worker now finds that the lane has no further delivery, or waits.
    receiver.answer = answering(204);
    held[0]?.end();
    await sleep(300);
    commit();
    await Promise.all([second, delivering]);
    await deliver(service);
    expect(idsOf(receiver)).toEqual([first, await second]);
    expect(await countLanes()).toBe(0);
  });

  it('T-24: sends nothing about an end user whom an erasure has removed, but the erasure itself', async () => {
    const receiver = await startWebhookReceiver();
    const endpoint = await createEndpoint(service, receiver);
    const person = newReference();
    receiver.answer = answering(500);
    await appendEvent(service, person);
    await appendEvent(service, person);
    await deliver(service);
    const held: ServerResponse[] = [];
    receiver.answer = (_, response) => held.push(response);
    shiftClock(service, 60);
    const inFlight = deliver(service);
    while (held.length === 0) await sleep(10);
    const { body } = await service.api<{ eventDeliveries: object[] }>(
      'GET',
      `/v1/end-users/${person}/export`,
    );
    expect(body.eventDeliveries).toHaveLength(2);
    const { body: erasure } = await service.api('DELETE', `/v1/end-users/${person}`);
    const erasures = service.app.get(ErasureWorker, { strict: false });
    await erasures.runOnce();
    const statusOf = async () =>
      (await service.api('GET', `/v1/erasures/${erasure.id as string}`)).body.status;
    // A request is under way.
    expect(await statusOf()).toBe('pending');
    held[0]?.writeHead(500).end();
    await inFlight;
    receiver.answer = answering(204);
    shiftClock(service, HOUR);
    await erasures.runOnce();
    expect(await statusOf()).toBe('completed');
    const before = receiver.received.length;
    expect(
      (await deliveriesOf(service, endpoint)).filter(({ referenceId }) => referenceId === person),
    ).toEqual([]);
    await sequenceEvents(service);
    await deliver(service);
    expect(receiver.received.slice(before).map(({ event }) => event.type)).not.toContain(
      'connection.connected',
    );
    expect(receiver.received.slice(before).map(({ event }) => event.type)).toContain('end_user.erased');
  });
});
