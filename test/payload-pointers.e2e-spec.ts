/* eslint-disable max-lines -- The whole way of a pointer needs one start of the service, which takes seconds. */
import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { becomesTrue } from '../local/waiting';
import { GuardedHttpClient } from '../src/outbound';
import { ErasureWorker } from '../src/privacy';
import { PayloadPointersRepository } from '../src/webhooks/pointers/payload-pointers.repository';
import { POINTER_LEASE_MS, PayloadPointersWorker } from '../src/webhooks/pointers/payload-pointers.worker';
import { POINTER_LANE } from '../src/webhooks/webhook-event.entity';
import { loggedLines, startTestApp, type TestApp } from './support/app';
import { eventsOf, sequenceEvents } from './support/events';
import { connectionsOf, newReference, shiftClock } from './support/flow';
import { authOf, drainInbox, endUsers, storeDeliveries, type EndUser } from './support/inbox';
import { sendRaw } from './support/raw-http';
import { answering, guardedClient, startReceiver, type Receiver } from './support/receiver';
import { closeAll } from './support/terra-client';
import { createEndpoint, deliver, startWebhookReceiver, verify } from './support/webhook-receiver';

const JSON_TYPE = 'content-type: application/json\r\n';
const SECRET = 'X-Amz-Signature=c0ffee4711';
// With spaces and an escape that no serializer writes: the bytes must be Terra's.
const payloadOf = ({ userId }: { userId: string }, steps = 4711): string =>
  `{ "type":"daily", "user": {"user_id":"${userId}","provider":"GARMIN","scopes":"\\u0044AILY"}, "data":[{"steps": ${steps}}] }`;

interface PointerRow {
  status: string;
  note: string | null;
  body: string;
  lane: number;
}

describe('PAYLOAD_POINTERS=fetch', () => {
  let service: TestApp;
  let worker: PayloadPointersWorker;
  beforeAll(async () => {
    service = await startTestApp({
      OUTBOUND_ALLOW_PRIVATE: 'true',
      PAYLOAD_POINTERS: 'fetch',
      PAYLOAD_POINTER_HOSTS: 'hooks.example.com,localhost',
    });
    worker = service.app.get(PayloadPointersWorker, { strict: false });
  });
  beforeEach(() => use(guardedClient()));
  afterEach(async () => {
    jest.restoreAllMocks();
    await closeAll();
    await service.query('DELETE FROM terra_connect.event_endpoints');
    await service.query('DELETE FROM terra_connect.event_bodies');
    await service.query('DELETE FROM terra_connect.webhook_events');
  });
  afterAll(() => service.close());

  const use = (client: Pick<GuardedHttpClient, 'download'>): void => {
    worker['client' as never] = client as never;
  };
  const take = async (types = ['data.*']) => {
    const receiver = await startWebhookReceiver();
    return { receiver, endpoint: await createEndpoint(service, receiver, types) };
  };
  const connect = async (): Promise<EndUser> => {
    const [endUser] = endUsers(1) as [EndUser];
    await storeDeliveries(service, [{ body: authOf(endUser) }]);
    await drainInbox(service, 200);
    return endUser;
  };
  const point = async (url: string | undefined, traceId: string = randomUUID()): Promise<void> => {
    await storeDeliveries(service, [
      { body: { type: 's3_payload', status: 'success', url, expires_in: 300 }, traceId },
    ]);
    await drainInbox(service, 200);
  };
  const fetchAll = async (): Promise<void> => {
    while (await worker.runOnce());
    await drainInbox(service, 200);
  };
  const bucket = (body: string, onRequest = answering(200, body, JSON_TYPE)): Promise<Receiver> =>
    startReceiver(onRequest);
  const pointers = (): Promise<PointerRow[]> =>
    service.query(`SELECT status, note, lane, convert_from(body, 'UTF8') AS body FROM terra_connect.webhook_events
      WHERE type = 's3_payload' ORDER BY id`);
  const dataEventsOf = async ({ referenceId }: EndUser) =>
    (await eventsOf(service, referenceId)).filter(({ type }) => type.startsWith('data.'));
  const counter = async (outcome: string): Promise<number> => {
    const { text } = await sendRaw(service.url, '/metrics');
    return Number(new RegExp(`payload_pointers_total{outcome="${outcome}"} (\\d+)`).exec(text)?.[1] ?? 0);
  };

  it('hands the payload on as it is, with its owner, and not the pointer', async () => {
    const endUser = await connect();
    const { receiver, endpoint } = await take();
    const { url } = await bucket(payloadOf(endUser));
    await point(`${url}?${SECRET}`);
    expect(await pointers()).toMatchObject([{ status: 'pending', lane: POINTER_LANE }]);
    await fetchAll();
    const [event] = await dataEventsOf(endUser);
    expect(event).toMatchObject({
      type: 'data.daily',
      subject: endUser.referenceId,
      data: { terraUserId: endUser.userId, terraType: 'daily' },
    });
    await deliver(service);
    expect(receiver.received.map(({ body }) => /"payload":(.*)}}$/s.exec(body)?.[1])).toEqual([
      payloadOf(endUser),
    ]);
    verify(receiver.received[0]!, endpoint.secret);
    expect(await pointers()).toMatchObject([{ status: 'done', note: null, lane: 0 }]);
    expect(await counter('fetched')).toBe(1);
    expect(service.log.join('')).not.toContain(SECRET);
  });

  it('hands a payload on without its byte-order mark, which JSON may not have inside', async () => {
    const endUser = await connect();
    const { receiver } = await take();
    await point((await bucket(`\uFEFF${payloadOf(endUser)}`)).url);
    await fetchAll();
    await sequenceEvents(service);
    await deliver(service);
    expect(receiver.received.map(({ body }) => JSON.parse(body) as object)).toMatchObject([
      { data: { payload: { data: [{ steps: 4711 }] } } },
    ]);
  });

  it('fetches from the sandbox, as npm start does', async () => {
    use(service.app.get(GuardedHttpClient, { strict: false }));
    const { receiver } = await take();
    const referenceId = newReference();
    const user = service.sandbox.account.connect({ provider: 'GARMIN', referenceId });
    await service.drainWebhooks();
    service.sandbox.data.sendPointer(user, 'sleep', null);
    await service.drainWebhooks();
    await fetchAll();
    await sequenceEvents(service);
    await deliver(service);
    expect(receiver.received.map(({ event }) => [event.type, event.subject])).toEqual([
      ['data.sleep', referenceId],
    ]);
  });

  it.each([[[]], [['data.s3_payload']], [['connection.*']]])(
    'fetches nothing as long as the takers name only %j',
    async (types) => {
      const endUser = await connect();
      if (types.length > 0) await take(types);
      const place = await bucket(payloadOf(endUser));
      await point(place.url);
      await fetchAll();
      expect(place.connections).toBe(0);
      expect(await pointers()).toMatchObject([{ status: 'done' }]);
    },
  );

  it('T-24: nothing leaves if the end user disconnects between the pointer and the fetch', async () => {
    const endUser = await connect();
    await take();
    await point((await bucket(payloadOf(endUser))).url);
    const [connection] = await connectionsOf(service, endUser.referenceId);
    await service.api('DELETE', `/v1/connections/${connection?.id}`);
    await fetchAll();
    expect(await dataEventsOf(endUser)).toEqual([]);
    expect(await service.query('SELECT FROM terra_connect.event_bodies')).toEqual([]);
    const [row] = await service.query<{ note: string; body: string }>(
      `SELECT note, convert_from(body, 'UTF8') AS body FROM terra_connect.webhook_events WHERE type = 'daily'`,
    );
    expect(row?.note).toContain('the connection is disconnecting');
    expect(row?.body).not.toContain('4711');
  });

  it('T-24: nothing leaves, and nothing stays, if the end user is erased before the fetch', async () => {
    const endUser = await connect();
    await take();
    await point((await bucket(payloadOf(endUser))).url);
    await service.api('DELETE', `/v1/end-users/${endUser.referenceId}`);
    await service.drainDeauthentications();
    await fetchAll();
    await service.app.get(ErasureWorker, { strict: false }).runOnce();
    expect(await dataEventsOf(endUser)).toEqual([]);
    const rows = await service.query<{ body: string }>(
      `SELECT convert_from(body, 'UTF8') AS body FROM terra_connect.webhook_events`,
    );
    for (const text of [endUser.userId, endUser.referenceId, '4711'])
      expect(JSON.stringify(rows)).not.toContain(text);
  });

  it('T-24: fetches nothing for a pointer that names a Terra user who is erased while it waits', async () => {
    const endUser = await connect();
    await take();
    const { url } = await bucket(payloadOf(endUser));
    const pointer = { type: 's3_payload', status: 'success', url, expires_in: 300, user_id: endUser.userId };
    await storeDeliveries(service, [{ body: pointer }]);
    await drainInbox(service, 200);
    expect(await pointers()).toMatchObject([{ status: 'pending', lane: 3 }]);
    await service.api('DELETE', `/v1/end-users/${endUser.referenceId}`);
    await service.drainDeauthentications();
    await service.app.get(ErasureWorker, { strict: false }).runOnce();
    await fetchAll();
    const [row] = await pointers();
    expect(row).toMatchObject({ status: 'ignored', lane: 0 });
    expect(row?.body).not.toContain(endUser.userId);
  });

  it('lets a payload wait for its owner, as data that Terra sends by itself', async () => {
    const [endUser] = endUsers(1) as [EndUser];
    await take();
    await point((await bucket(payloadOf(endUser))).url);
    await fetchAll();
    expect(await dataEventsOf(endUser)).toEqual([]);
    await storeDeliveries(service, [{ body: authOf(endUser) }]);
    await service.drainWebhooks();
    expect(await dataEventsOf(endUser)).toMatchObject([{ type: 'data.daily' }]);
  });

  it('R3: hands a payload on once if Terra sends its pointer twice, also with another URL', async () => {
    const endUser = await connect();
    await take();
    const { url } = await bucket(payloadOf(endUser));
    const before = await counter('duplicate');
    for (const query of ['a', 'b']) await point(`${url}?${query}`, `trace-${endUser.userId}`);
    await fetchAll();
    expect(await dataEventsOf(endUser)).toHaveLength(1);
    expect(await pointers()).toMatchObject([{ status: 'done' }, { status: 'done' }]);
    expect((await counter('duplicate')) - before).toBe(1);
  });

  it('a payload without a Terra user never leaves', async () => {
    await take();
    await point((await bucket('{"type":"daily","data":[]}')).url);
    await fetchAll();
    const rows = await service.query<{ note: string }>(
      `SELECT note FROM terra_connect.webhook_events WHERE type = 'daily'`,
    );
    expect(rows).toEqual([{ note: 'its data does not leave: the event names no Terra user' }]);
  });

  describe('T-18: gives a pointer up, with the cause, and calls nothing else', () => {
    const auth = JSON.stringify(authOf({ referenceId: 'forged', userId: 'forged' }));
    const large = (socket: Socket): void => {
      socket.write(`HTTP/1.1 200 OK\r\n${JSON_TYPE}content-length: ${16 * 1_024 * 1_024}\r\n\r\n`);
      socket.write(Buffer.alloc(16 * 1_024 * 1_024, ' '));
    };
    it.each([
      ['a redirect', 'answer_rejected: STATUS_302', answering(302, '', 'location: http://127.0.0.1/\r\n')],
      ['an expired URL', 'answer_rejected: STATUS_403', answering(403, '<Error/>')],
      [
        'a web page',
        'answer_rejected: CONTENT_TYPE',
        answering(200, '<html>', 'content-type: text/html\r\n'),
      ],
      ['more than 15 MB', 'too_large: BODY', large],
      ['no JSON', 'unreadable', answering(200, '{', JSON_TYPE)],
      ['an auth event', 'not_data', answering(200, auth, JSON_TYPE)],
      ['another pointer', 'not_data', answering(200, '{"type":"s3_payload"}', JSON_TYPE)],
    ])('%s', async (_what, cause, onRequest) => {
      await take();
      const place = await bucket('', onRequest);
      await point(`${place.url}?${SECRET}`);
      await fetchAll();
      const [row] = await pointers();
      expect(row).toMatchObject({ status: 'dead_lettered', lane: 0 });
      expect(row?.note).toContain(`the payload was not fetched (${cause})`);
      expect(loggedLines(service, 'payload_pointer.given_up').at(-1)).toMatchObject({
        host: 'hooks.example.com',
        cause: cause.split(':')[0],
        advice: expect.any(String) as string,
      });
      expect(service.log.join('')).not.toContain(SECRET);
      expect(await connectionsOf(service, 'forged')).toEqual([]);
      expect(await service.query('SELECT FROM terra_connect.event_bodies')).toEqual([]);
    });

    it.each([
      ['without a URL', undefined, 'no_url'],
      ['to a host that is not on the list', 'https://evil.example.com/x', 'url_forbidden'],
      ['to the metadata service', 'https://169.254.169.254/latest', 'url_forbidden'],
      ['without TLS to the internet', 'http://hooks.example.com/x', 'address_forbidden'],
    ])('%s', async (_what, url, cause) => {
      const client = guardedClient({ names: { 'hooks.example.com': [['203.0.113.7']] } });
      use(client);
      await take();
      await point(url);
      await fetchAll();
      expect((await pointers())[0]).toMatchObject({ status: 'dead_lettered' });
      expect((await pointers())[0]?.note).toContain(cause);
    });

    it('to a private address', async () => {
      use(guardedClient({ names: { 'hooks.example.com': [['10.0.0.7']] }, allowPrivateNetworks: false }));
      await take();
      await point('https://hooks.example.com/x');
      await fetchAll();
      expect((await pointers())[0]?.note).toContain('address_forbidden');
    });
  });

  it('tries again while the URL is valid, and gives up afterwards', async () => {
    const endUser = await connect();
    await take();
    let status = 503;
    const place = await bucket('', (socket) =>
      answering(status, status === 200 ? payloadOf(endUser) : '', JSON_TYPE)(socket),
    );
    await point(place.url);
    await fetchAll();
    expect(await pointers()).toMatchObject([{ status: 'pending', lane: POINTER_LANE }]);
    shiftClock(service, 60);
    status = 200;
    await fetchAll();
    expect(await dataEventsOf(endUser)).toHaveLength(1);

    status = 503;
    await point(place.url);
    shiftClock(service, 400);
    await fetchAll();
    expect((await pointers()).at(-1)?.note).toContain('answer_rejected: STATUS_503');
  });

  it('T-18: a slow drip holds one worker until its deadline, and no other payload', async () => {
    const endUser = await connect();
    await take();
    const slow = await bucket('', (socket) => {
      socket.write(`HTTP/1.1 200 OK\r\n${JSON_TYPE}content-length: 100\r\n\r\n`);
      const drip = setInterval(() => socket.write(' '), 100);
      socket.on('close', () => clearInterval(drip));
    });
    const client = guardedClient();
    const shortened = (url: string): object => (url === slow.url ? { timeoutMs: 3_000 } : {});
    use({ download: (url, given) => client.download(url, { ...given, ...shortened(url) }) });
    await point(slow.url);
    await point((await bucket(payloadOf(endUser))).url);
    const dripping = worker.runOnce();
    await becomesTrue(() => slow.open === 1, 20_000);
    await fetchAll();
    expect(await dataEventsOf(endUser)).toHaveLength(1);
    await dripping;
    expect(await pointers()).toMatchObject([{ status: 'pending' }, { status: 'done' }]);
    await expect(becomesTrue(() => slow.open === 0, 20_000)).resolves.toBe(true);
  });

  describe('A process that dies', () => {
    it('leaves its pointer to another one, and stores nothing if it was only slow', async () => {
      const endUser = await connect();
      await take();
      await point('https://hooks.example.com/x');
      const releases: ((body: Buffer) => void)[] = [];
      use({ download: () => new Promise((resolve) => releases.push(resolve)) });
      const slow = worker.runOnce();
      await becomesTrue(() => releases.length === 1, 20_000);
      expect(await worker.runOnce()).toBe(false);
      shiftClock(service, POINTER_LEASE_MS / 1_000 + 1);
      const other = worker.runOnce();
      await becomesTrue(() => releases.length === 2, 20_000);
      releases[0]!(Buffer.from(payloadOf(endUser, 1)));
      await slow;
      expect(await pointers()).toMatchObject([{ status: 'pending' }]);
      releases[1]!(Buffer.from(payloadOf(endUser, 2)));
      await other;
      await drainInbox(service, 200);
      expect(await pointers()).toMatchObject([{ status: 'done' }]);
      expect(
        await service.query<{ body: string }>(
          `SELECT convert_from(body, 'UTF8') AS body FROM terra_connect.event_bodies`,
        ),
      ).toEqual([{ body: payloadOf(endUser, 2) }]);
    });

    it('every time ends the attempts of its pointer', async () => {
      await take();
      await point('https://hooks.example.com/x');
      await service.query(`UPDATE terra_connect.webhook_events SET attempts = 12`);
      await fetchAll();
      expect((await pointers())[0]?.note).toContain('too_many_attempts');
    });

    it('in order leaves its pointer at once', async () => {
      await take();
      const silent = await bucket('', () => undefined);
      await point(silent.url);
      const stop = new AbortController();
      const fetching = worker.runOnce(stop.signal);
      await becomesTrue(() => silent.received !== '', 20_000);
      stop.abort();
      await fetching;
      const repository = service.app.get(PayloadPointersRepository, { strict: false });
      const now = new Date();
      expect(await repository.take(now, now)).toMatchObject({ attempts: 2 });
    });
  });

  it('until it is set to forward: the pointers that wait are then handed on as they are', async () => {
    await take();
    await point('https://hooks.example.com/x');
    const options = worker['options' as never] as { pointers: string };
    options.pointers = 'forward';
    try {
      await worker.runOnce();
      await drainInbox(service, 200);
    } finally {
      options.pointers = 'fetch';
    }
    await sequenceEvents(service);
    expect(await pointers()).toMatchObject([{ status: 'done', lane: 0 }]);
    expect(
      await service.query(`SELECT type FROM terra_connect.outgoing_events WHERE type LIKE 'data.s3%'`),
    ).toEqual([{ type: 'data.s3_payload' }]);
  });
});
