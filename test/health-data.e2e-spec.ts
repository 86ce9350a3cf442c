/* eslint-disable max-lines -- The whole way of health data needs one start of the service, which takes seconds. */
import { randomUUID } from 'node:crypto';
import { DataSource } from 'typeorm';
import { inTransaction } from '../src/database';
import { EventBodiesWorker } from '../src/events';
import { NatsRelay } from '../src/events/nats/nats-relay.service';
import { NatsPublisher } from '../src/events/nats/nats.publisher';
import { ParkedEventsWorker, WaitingDataWorker } from '../src/webhooks';
import { DataForwarding } from '../src/webhooks/data-forwarding.service';
import { LANES } from '../src/webhooks/webhook-event.entity';
import { WebhookProcessingRepository } from '../src/webhooks/webhook-processing.repository';
import { ADMIN_KEY, startTestApp, type TestApp } from './support/app';
import { jsonOf } from './support/event-publisher-contract';
import { eventsOf, readEvents, sequenceEvents } from './support/events';
import { connectionsOf, newReference, shiftClock } from './support/flow';
import { drainInbox, inboxOf, statementsOf, storeDeliveries } from './support/inbox';
import { sendRaw } from './support/raw-http';
import { closeAll } from './support/terra-client';
import {
  createEndpoint,
  deliver,
  deliveriesOf,
  startWebhookReceiver,
  verify,
  type EndpointAnswer,
  type WebhookReceiver,
} from './support/webhook-receiver';

const HOUR = 3_600;
// With spaces and an escape that no serializer writes: the bytes must be Terra's.
const bodyOf = (userId: string, steps: number): string =>
  `{ "type":"daily", "user": {"user_id":"${userId}","provider":"GARMIN","scopes":"\\u0044AILY"}, "data":[{"steps": ${steps}}] }`;

interface EndUser {
  referenceId: string;
  userId: string;
}

describe('Health data', () => {
  let service: TestApp;
  let receiver: WebhookReceiver;
  let endpoint: EndpointAnswer;
  beforeAll(async () => (service = await startTestApp({ OUTBOUND_ALLOW_PRIVATE: 'true' })));
  afterEach(async () => {
    jest.restoreAllMocks();
    await closeAll();
    await service.query('DELETE FROM terra_connect.event_endpoints');
    await service.query('DELETE FROM terra_connect.event_bodies');
  });
  afterAll(() => service.close());

  const take = async (types = ['data.*']): Promise<void> => {
    receiver = await startWebhookReceiver();
    endpoint = await createEndpoint(service, receiver, types);
  };
  const store = async (...bodies: (string | object)[]): Promise<void> => {
    await storeDeliveries(
      service,
      bodies.map((body) => ({ body })),
    );
    await drainInbox(service, 200);
  };
  const authOf = ({ referenceId, userId }: EndUser): object => ({
    type: 'auth',
    status: 'success',
    user: { user_id: userId, provider: 'GARMIN', reference_id: referenceId, scopes: 'DAILY' },
  });
  const connect = async (): Promise<EndUser> => {
    const endUser = { referenceId: newReference(), userId: randomUUID() };
    await store(authOf(endUser));
    return endUser;
  };
  const inboxRows = (userId: string): Promise<{ status: string; note: string | null; body: string }[]> =>
    service.query(
      `SELECT status, note, convert_from(body, 'UTF8') AS body FROM terra_connect.webhook_events
        WHERE terra_user_id = $1 AND type <> 'auth' ORDER BY id`,
      [userId],
    );
  const bodies = (): Promise<{ eventId: string; body: Buffer }[]> =>
    service.query(`SELECT event_id AS "eventId", body FROM terra_connect.event_bodies ORDER BY event_id`);
  const payloadsOf = (): string[] =>
    receiver.received.map(({ body }) => /"payload":(.*)}}$/s.exec(body)?.[1] ?? 'none');
  const dataEventsOf = async (referenceId: string) =>
    (await eventsOf(service, referenceId)).filter(({ type }) => type.startsWith('data.'));

  it('is dropped as long as no endpoint asks for it', async () => {
    const { referenceId, userId } = await connect();
    await take(['*']);
    await store(bodyOf(userId, 1));
    expect(await dataEventsOf(referenceId)).toEqual([]);
    expect(await bodies()).toEqual([]);
    const [row] = await inboxRows(userId);
    expect(row?.status).toBe('done');
    expect(row?.body).not.toContain('steps');
  });

  it('reaches an endpoint that asks for it as Terra sent it, with its owner, and is deleted then', async () => {
    const { referenceId, userId } = await connect();
    await take();
    await store(bodyOf(userId, 4711));
    const [stored] = await bodies();
    expect(stored?.body.toString('utf8')).toBe(bodyOf(userId, 4711));
    expect((await inboxRows(userId))[0]?.body).not.toContain('steps');
    const [event] = await dataEventsOf(referenceId);
    const [connection] = await connectionsOf(service, referenceId);
    expect(event).toMatchObject({ type: 'data.daily', subject: referenceId });
    expect(event?.data).toEqual({
      referenceId,
      connectionId: connection?.id,
      terraUserId: userId,
      provider: 'GARMIN',
      terraType: 'daily',
    });
    const path = `/v1/events/${event?.id}/data`;
    const answer = await fetch(new URL(path, service.url), {
      headers: { authorization: `Bearer ${ADMIN_KEY}` },
    });
    expect([answer.status, await answer.text()]).toEqual([200, bodyOf(userId, 4711)]);
    await deliver(service);
    expect(payloadsOf()).toEqual([bodyOf(userId, 4711)]);
    verify(receiver.received[0]!, endpoint.secret);
    expect(await bodies()).toEqual([]);
    expect(await service.api('GET', path)).toMatchObject({ status: 410, body: { code: 'events.data_gone' } });
    for (const id of [randomUUID(), (await readEvents(service, { types: 'connection.*' })).items[0]?.id])
      expect(await service.api('GET', `/v1/events/${id}/data`)).toMatchObject({ status: 404 });
  });

  it('is only that of the types that an endpoint names', async () => {
    const { userId, referenceId } = await connect();
    await take(['data.sleep', 'data.other']);
    await store(
      bodyOf(userId, 1),
      bodyOf(userId, 2).replace('daily', 'sleep'),
      bodyOf(userId, 3).replace('daily', 'brand_new'),
    );
    const events = await dataEventsOf(referenceId);
    expect(events.map(({ type, data }) => [type, data.terraType]).sort()).toEqual([
      ['data.other', 'brand_new'],
      ['data.sleep', 'sleep'],
    ]);
  });

  it('leaves in the order of its times within a batch, and once, whatever is repeated', async () => {
    const { userId, referenceId } = await connect();
    await take();
    const now = Date.now();
    const traceIds = await storeDeliveries(service, [
      { body: bodyOf(userId, 2), occurredAt: new Date(now - 1_000) },
      { body: bodyOf(userId, 1), occurredAt: new Date(now - 60_000) },
    ]);
    await drainInbox(service, 200);
    await service.query(
      `UPDATE terra_connect.webhook_events SET status = 'pending', next_attempt_at = now() - interval '1 minute',
        replays = 1 WHERE trace_id = ANY($1)`,
      [traceIds],
    );
    await drainInbox(service, 200);
    expect(await dataEventsOf(referenceId)).toHaveLength(2);
    await deliver(service);
    expect(payloadsOf()).toEqual([bodyOf(userId, 1), bodyOf(userId, 2)]);
  });

  describe('T-24: never leaves', () => {
    it.each([
      ['disconnecting', 'disconnecting'],
      ['disconnected', 'disconnected'],
    ])('a connection that is %s', async (status) => {
      const { userId, referenceId } = await connect();
      await take();
      const [{ id } = { id: '' }] = await connectionsOf(service, referenceId);
      await service.api('DELETE', `/v1/connections/${id}`);
      if (status === 'disconnected')
        await store({ type: 'deauth', user: { user_id: userId, provider: 'GARMIN' } });
      expect(await connectionsOf(service, referenceId)).toMatchObject([{ status }]);
      await store(bodyOf(userId, 1));
      expect(await dataEventsOf(referenceId)).toEqual([]);
      expect(await bodies()).toEqual([]);
      expect((await inboxRows(userId)).at(-1)).toMatchObject({
        status: 'ignored',
        note: `its data does not leave: the connection is ${status}`,
      });
      expect((await sendRaw(service.url, '/metrics')).text).toMatch(
        new RegExp(`terra_connect_data_events_total{outcome="${status}"} [1-9]`),
      );
    });

    it('a connection that has moved to another end user', async () => {
      const { userId, referenceId } = await connect();
      await take();
      await service.query(
        `UPDATE terra_connect.connections SET status = 'moved', status_reason = 'moved' WHERE reference_id = $1`,
        [referenceId],
      );
      await store(bodyOf(userId, 1));
      expect(await bodies()).toEqual([]);
      expect((await inboxRows(userId)).at(-1)?.note).toContain('moved to another end user');
    });

    it('an erased end user', async () => {
      const { userId, referenceId } = await connect();
      await take();
      await store(bodyOf(userId, 1));
      await service.api('DELETE', `/v1/end-users/${referenceId}`);
      await service.drainDeauthentications();
      expect(await bodies()).toEqual([]);
      await store(bodyOf(userId, 2));
      expect(await bodies()).toEqual([]);
      await sequenceEvents(service);
      await deliver(service);
      expect(payloadsOf()).toEqual([]);
    });

    it('an event that names no Terra user', async () => {
      await take();
      await store({ type: 'lab_report.completed', upload_id: randomUUID(), data: { reference_id: 'u_1' } });
      expect(await bodies()).toEqual([]);
    });

    it('when the end user disconnects before an endpoint has got it', async () => {
      const { userId, referenceId } = await connect();
      await take();
      await store(bodyOf(userId, 1));
      expect(await dataEventsOf(referenceId)).toHaveLength(1);
      const [{ id } = { id: '' }] = await connectionsOf(service, referenceId);
      await service.api('DELETE', `/v1/connections/${id}`);
      expect(await bodies()).toEqual([]);
      await deliver(service);
      expect(receiver.received).toEqual([]);
      expect(await deliveriesOf(service, endpoint)).toMatchObject([
        { status: 'dropped', lastAttempts: [{ status: null, error: 'data_gone' }] },
      ]);
    });
  });

  describe('of a Terra user without an owner', () => {
    const waiting = 'the data waits until the connection of its Terra user is known';

    it('waits for the owner, and leaves then', async () => {
      await take();
      const endUser = { referenceId: newReference(), userId: randomUUID() };
      await store(bodyOf(endUser.userId, 1));
      expect(await inboxRows(endUser.userId)).toMatchObject([{ status: 'parked', note: waiting }]);
      await store(authOf(endUser));
      await drainInbox(service, 200);
      await sequenceEvents(service);
      await deliver(service);
      expect(payloadsOf()).toEqual([bodyOf(endUser.userId, 1)]);
      expect((await inboxRows(endUser.userId))[0]?.body).not.toContain('steps');
    });

    it('waits for RETENTION_DATA_HOURS at most', async () => {
      await take();
      const userId = randomUUID();
      await store(bodyOf(userId, 1));
      const worker = service.app.get(WaitingDataWorker, { strict: false });
      await worker.runOnce();
      await service.app.get(ParkedEventsWorker, { strict: false }).runOnce();
      expect(await inboxRows(userId)).toMatchObject([{ status: 'parked' }]);
      shiftClock(service, 73 * HOUR);
      await worker.runOnce();
      await drainInbox(service, 200);
      const [row] = await inboxRows(userId);
      expect(row).toMatchObject({
        status: 'ignored',
        note: 'its data does not leave: the owner of the Terra user stayed unknown',
      });
      expect(row?.body).not.toContain('steps');
    });

    it.each(['events', 'bytes'] as const)(
      'waits within a limit of %s, and never leaves beyond it',
      async (bound) => {
        await take();
        const endUser = { referenceId: newReference(), userId: randomUUID() };
        const forwarding = service.app.get(DataForwarding, { strict: false });
        const inbox = service.app.get(WebhookProcessingRepository, { strict: false });
        const waits = await inTransaction(service.app.get(DataSource), (manager) =>
          inbox.waitingData(manager),
        );
        const room = bound === 'events' ? 2 : 2 * bodyOf(endUser.userId, 1).length + 10;
        jest.replaceProperty(forwarding, 'limits', { ...forwarding.limits, [bound]: waits[bound] + room });
        // In one batch, and in two.
        await store(bodyOf(endUser.userId, 1));
        await store(bodyOf(endUser.userId, 2), bodyOf(endUser.userId, 3));
        expect(await inboxRows(endUser.userId)).toMatchObject([
          { status: 'parked', note: waiting },
          { status: 'parked', note: waiting },
          {
            status: 'ignored',
            note: 'its data does not leave: too much data waits for the owners of Terra users',
            body: expect.not.stringContaining('steps') as string,
          },
        ]);
        expect((await sendRaw(service.url, '/metrics')).text).toMatch(/outcome="too_many_waiting"} [1-9]/);
        await store(authOf(endUser));
        await drainInbox(service, 200);
        expect(await dataEventsOf(endUser.referenceId)).toHaveLength(2);
      },
    );
  });

  it('is deleted after RETENTION_DATA_HOURS although an endpoint has not got it', async () => {
    const { userId, referenceId } = await connect();
    await take();
    receiver.answer = (_, response) => response.writeHead(500).end();
    await store(bodyOf(userId, 1));
    await sequenceEvents(service);
    await deliver(service);
    const worker = service.app.get(EventBodiesWorker, { strict: false });
    await worker.runOnce();
    expect(await bodies()).toHaveLength(1);
    shiftClock(service, 73 * HOUR);
    const [event] = await dataEventsOf(referenceId);
    expect(await service.api('GET', `/v1/events/${event?.id}/data`)).toMatchObject({ status: 410 });
    await worker.runOnce();
    expect(await bodies()).toEqual([]);
    await deliver(service);
    expect(receiver.received).toHaveLength(1);
  });

  it('is deleted when the last endpoint that waits for it is deleted', async () => {
    const { userId } = await connect();
    await take();
    await store(bodyOf(userId, 1));
    const worker = service.app.get(EventBodiesWorker, { strict: false });
    await worker.runOnce();
    expect(await bodies()).toHaveLength(1);
    await sequenceEvents(service);
    await service.api('DELETE', `/v1/webhook-endpoints/${endpoint.id}`);
    while (await worker.runOnce(1));
    expect(await bodies()).toEqual([]);
  });

  it('is named in an export without the data', async () => {
    const { userId, referenceId } = await connect();
    await take();
    await store(bodyOf(userId, 471_147_114_711));
    const [stored] = await bodies();
    const { body } = await service.api('GET', `/v1/end-users/${referenceId}/export`);
    expect(body).toMatchObject({
      eventBodies: [{ eventId: stored?.eventId, bytes: bodyOf(userId, 471_147_114_711).length }],
    });
    expect(JSON.stringify(body)).not.toContain('471147114711');
  });

  it('of 15 MB arrives as it is', async () => {
    const { userId } = await connect();
    await take();
    const large = bodyOf(userId, 1).replace(
      '"data":',
      `"data":"${'x'.repeat(14.9 * 1_024 * 1_024)}", "more":`,
    );
    await store(large);
    await sequenceEvents(service);
    await deliver(service);
    expect(payloadsOf()[0] === large).toBe(true);
  });

  it('that is large reaches an endpoint one at a time; the other one loses no attempt', async () => {
    const users = [await connect(), await connect()];
    await take();
    const large = ({ userId }: EndUser): string =>
      bodyOf(userId, 1).replace('"data":', `"data":"${'x'.repeat(300_000)}", "more":`);
    await store(...users.map(large));
    await sequenceEvents(service);
    const held: (() => unknown)[] = [];
    receiver.answer = (_event, response) => held.push(() => response.writeHead(204).end());
    const notAttempted = async (): Promise<number> =>
      Number(
        /event_deliveries_total{outcome="not_attempted"} (\d+)/.exec(
          (await sendRaw(service.url, '/metrics')).text,
        )?.[1] ?? 0,
      );
    const before = await notAttempted();
    const delivering = deliver(service);
    while ((await notAttempted()) === before || held.length === 0);
    for (const release of held) release();
    await delivering;
    const outcomes = (await deliveriesOf(service, endpoint)).map(({ status, attempts }) => [
      status,
      attempts,
    ]);
    expect(outcomes.sort()).toEqual([
      ['delivered', 1],
      ['pending', 0],
    ]);
    receiver.answer = (_event, response) => response.writeHead(204).end();
    shiftClock(service, 60);
    await deliver(service);
    expect(payloadsOf().sort()).toEqual(users.map(large).sort());
  });

  it('takes a fixed number of statements, and one without takers', async () => {
    const counts: number[] = [];
    for (const takes of [false, true])
      for (const size of [20, 200]) {
        if (takes) await take();
        const users = await Promise.all(Array.from({ length: 1 }, connect));
        await storeDeliveries(
          service,
          Array.from({ length: size }, (_, index) => ({ body: bodyOf(users[0]!.userId, index) })),
        );
        counts.push((await statementsOf(() => inboxOf(service).processLane(LANES.data, 200))).length);
      }
    expect(counts[0]).toBe(counts[1]);
    expect(counts[0]).toBeLessThanOrEqual(9);
    expect(counts[2]).toBe(counts[3]);
    expect(counts[2]).toBeLessThanOrEqual(13);
  });
});

describe('Health data for NATS', () => {
  let service: TestApp;
  beforeAll(async () => {
    service = await startTestApp({ EVENTS_NATS_URL: 'nats://127.0.0.1:9', EVENTS_NATS_TYPES: 'data.*' });
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => service.close());

  it('leaves as Terra sent it, and is deleted then; what no message can carry stays to be fetched', async () => {
    const userId = randomUUID();
    const relay = service.app.get(NatsRelay, { strict: false });
    const { signal } = new AbortController();
    await relay.relayBatch(signal);
    const large = bodyOf(userId, 2).replace('"data":', `"data":"${'x'.repeat(5_000_000)}", "more":`);
    const user = { user_id: userId, provider: 'GARMIN', reference_id: newReference(), scopes: 'DAILY' };
    const auth = { type: 'auth', status: 'success', user };
    for (const body of [auth, bodyOf(userId, 1), large, bodyOf(userId, 3)]) {
      await storeDeliveries(service, [{ body }]);
      await drainInbox(service, 200);
    }
    await sequenceEvents(service);
    await service.app.get(EventBodiesWorker, { strict: false }).runOnce();
    const sizes = (): Promise<{ bytes: number }[]> =>
      service.query(`SELECT octet_length(body) AS bytes FROM terra_connect.event_bodies`);
    expect(await sizes()).toHaveLength(3);
    const publisher = service.app.get(NatsPublisher, { strict: false });
    const published: string[][] = [];
    jest.spyOn(publisher, 'carries').mockImplementation((event) => jsonOf(event).length < 1_000_000);
    jest.spyOn(publisher, 'publish').mockImplementation((events) => {
      published.push(events.map((event) => /"payload":(.*)}}$/s.exec(jsonOf(event))?.[1] ?? 'none'));
      return Promise.resolve();
    });
    while ((await relay.relayBatch(signal))?.more);
    const expected = [[bodyOf(userId, 1)], [large], [bodyOf(userId, 3)]];
    expect(published.flat().map(({ length }) => length)).toEqual(expected.flat().map(({ length }) => length));
    expect(published.flat().every((body, index) => body === expected.flat()[index])).toBe(true);
    await service.app.get(EventBodiesWorker, { strict: false }).runOnce();
    expect(await sizes()).toEqual([{ bytes: large.length }]);
  });
});
