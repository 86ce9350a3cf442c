import { startTestApp, type TestApp } from './support/app';
import { checkEvent } from './support/events';
import { newReference } from './support/flow';
import { statementsOf } from './support/statements';
import { answering, startReceiver } from './support/receiver';
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

const PATH = '/v1/webhook-endpoints';
const UNKNOWN = '01980c0e-7b1a-7c3e-9d55-0f2b6f1c9a10';

describe('The deliveries of a webhook endpoint', () => {
  let service: TestApp;
  beforeAll(async () => {
    service = await startTestApp({ OUTBOUND_ALLOW_PRIVATE: 'true' });
  });
  afterEach(async () => {
    await closeAll();
    await service.query(
      'TRUNCATE terra_connect.event_endpoints, terra_connect.event_deliveries, terra_connect.event_lanes',
    );
  });
  afterAll(() => service.close());

  const idsOf = ({ received }: WebhookReceiver): string[] => received.map(({ event }) => event.id);

  const pageAt = async ({ id }: { id: string }, cursor: string) => {
    const query = new URLSearchParams({ limit: '2', ...(cursor === '' ? {} : { cursor }) });
    const path = `${PATH}/${id}/deliveries?${query.toString()}`;
    const { body } = await service.api<{ items: { eventId: string }[]; nextCursor: string | null }>(
      'GET',
      path,
    );
    return body;
  };

  it('are listed newest first, page by page, also by status', async () => {
    const receiver = await startWebhookReceiver();
    const endpoint = await createEndpoint(service, receiver);
    const ids: string[] = [];
    for (let events = 0; events < 5; events += 1) ids.push(await appendEvent(service, newReference()));
    receiver.answer = ({ id }, response) => response.writeHead(id === ids[0] ? 500 : 204).end();
    await deliver(service);
    const listed: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: { items: { eventId: string }[]; nextCursor: string | null } = await pageAt(
        endpoint,
        cursor,
      );
      listed.push(...page.items.map(({ eventId }) => eventId));
      cursor = page.nextCursor;
    }
    expect(listed).toEqual([...ids].reverse());
    const withStatus = async (status: string): Promise<string[]> =>
      (await deliveriesOf(service, endpoint, { status })).map(({ eventId }) => eventId);
    expect(await withStatus('pending')).toEqual([ids[0]]);
    expect(await withStatus('delivered')).toEqual(ids.slice(1).reverse());
    expect(await withStatus('given_up')).toEqual([]);
    for (const query of ['status=lost', 'limit=0', 'cursor=forged'])
      expect((await service.api('GET', `${PATH}/${endpoint.id}/deliveries?${query}`)).status).toBe(422);
    expect((await service.api('GET', `${PATH}/${UNKNOWN}/deliveries`)).status).toBe(404);
  });

  it('of a person wait behind one that was not accepted, and those of others do not', async () => {
    const receiver = await startWebhookReceiver();
    const endpoint = await createEndpoint(service, receiver);
    const [stuck, fine] = [newReference(), newReference()];
    receiver.answer = ({ subject }, response) => response.writeHead(subject === stuck ? 500 : 200).end();
    const first = await appendEvent(service, stuck);
    await appendEvent(service, stuck);
    const others = [await appendEvent(service, fine), await appendEvent(service, fine)];
    await deliver(service);
    expect(idsOf(receiver).filter((id) => !others.includes(id))).toEqual([first]);
    expect(idsOf(receiver).filter((id) => others.includes(id))).toEqual(others);
    expect(
      (await deliveriesOf(service, endpoint, { status: 'pending' })).map(({ attempts }) => attempts),
    ).toEqual([0, 1]);
  });

  it('are repeated one by one, whatever became of them', async () => {
    const receiver = await startWebhookReceiver();
    const endpoint = await createEndpoint(service, receiver, ['connection.connected']);
    const missed = await appendEvent(service, newReference(), { type: 'connection.moved' });
    const id = await appendEvent(service, newReference());
    await deliver(service);
    const repeat = (event: string) =>
      service.api('POST', `${PATH}/${endpoint.id}/deliveries/${event}/repeat`);
    expect((await repeat(id)).status).toBe(202);
    expect(await deliveriesOf(service, endpoint)).toMatchObject([{ status: 'pending', deliveredAt: null }]);
    await deliver(service);
    expect((await repeat(missed)).status).toBe(202);
    await deliver(service);
    expect(idsOf(receiver)).toEqual([id, id, missed]);
    expect((await deliveriesOf(service, endpoint)).map(({ attempts }) => attempts)).toEqual([2, 1]);
    for (const unknown of [UNKNOWN, 'not-an-id'])
      expect(await repeat(unknown)).toMatchObject({ status: 404, body: { code: 'event.not_found' } });
  });

  it('are repeated from a time on, in sets and in order, also those missed while the endpoint was disabled', async () => {
    const receiver = await startWebhookReceiver();
    const endpoint = await createEndpoint(service, receiver, ['connection.connected']);
    const path = `${PATH}/${endpoint.id}`;
    const person = newReference();
    await appendEvent(service, person);
    await deliver(service);
    await service.api('PATCH', path, { body: { enabled: false } });
    const [{ now } = { now: new Date() }] = await service.query<{ now: Date }>(
      `SELECT date_trunc('milliseconds', clock_timestamp()) + interval '1 millisecond' AS now`,
    );
    const missed: string[] = [];
    await appendEvent(service, null, { type: 'endpoint.disabled' });
    for (let events = 0; events < 5; events += 1) missed.push(await appendEvent(service, person));
    const repeat = (body: object) => service.api('POST', `${path}/repeat`, { body });
    expect(await repeat({ from: now })).toMatchObject({
      status: 409,
      body: { code: 'webhook_endpoint.disabled' },
    });
    await service.api('PATCH', path, { body: { enabled: true } });
    const first = await repeat({ from: now, limit: 2 });
    expect(first).toMatchObject({ status: 202, body: { repeated: 2, nextAfter: missed[1] } });
    expect((await repeat({ after: missed[1], limit: 10 })).body).toEqual({ repeated: 3, nextAfter: null });
    await deliver(service);
    expect(idsOf(receiver).slice(1)).toEqual(missed);
    for (const wrong of [
      {},
      { from: now, after: UNKNOWN },
      { from: 'yesterday' },
      { from: now, limit: 10_001 },
    ])
      expect((await repeat(wrong)).status).toBe(422);
  });

  it('are tested with an event that is signed and not stored, also while the endpoint is disabled', async () => {
    const receiver = await startWebhookReceiver();
    const endpoint = await createEndpoint(service, receiver);
    const path = `${PATH}/${endpoint.id}`;
    await service.api('PATCH', path, { body: { enabled: false } });
    const test = () => service.api('POST', `${path}/test`);
    const { status, body } = await test();
    expect({ status, body }).toMatchObject({
      status: 200,
      body: { accepted: true, status: 204, error: null },
    });
    expect(receiver.received.map((request) => verify(request, endpoint.secret))).toMatchObject([
      { id: body.eventId, type: 'endpoint.test', data: { endpointId: endpoint.id } },
    ]);
    receiver.received.forEach(({ event }) => checkEvent(event));
    receiver.answer = (_, response) => response.writeHead(401).end('who are you?');
    expect((await test()).body).toMatchObject({ accepted: false, status: 401, error: null });
    const wrongPort = await startReceiver(answering(200), 'tcp');
    await closeAll();
    await service.api('PATCH', path, { body: { url: `http://127.0.0.1:${wrongPort.port}/` } });
    expect((await test()).body).toMatchObject({ accepted: false, status: null, error: 'connection_failed' });
    expect((await service.api('POST', `${PATH}/${UNKNOWN}/test`)).status).toBe(404);
    expect(await deliveriesOf(service, endpoint)).toEqual([]);
  });

  it('are picked by index, however many wait', async () => {
    const receiver = await startWebhookReceiver();
    const endpoint = await createEndpoint(service, receiver);
    await service.query(
      `INSERT INTO terra_connect.event_lanes (endpoint_id, lane_key, due_at)
        SELECT $1, 'person-' || n, now() + n * interval '1 hour' FROM generate_series(-9, 20000) n`,
      [endpoint.id],
    );
    await service.query('ANALYZE terra_connect.event_lanes');
    const statements = await statementsOf(() => deliver(service));
    const planOf = async (part: string): Promise<string> => {
      const statement = statements.find((text) => text.includes(part)) ?? '';
      const rows = await service.query<{ 'QUERY PLAN': string }>(`EXPLAIN (GENERIC_PLAN) ${statement}`);
      return rows.map((row) => row['QUERY PLAN']).join('\n');
    };
    const [taking, reading] = [await planOf('SKIP LOCKED'), await planOf('WITH ORDINALITY')];
    expect(taking).toContain('event_lanes_due_at_idx');
    expect(taking).not.toMatch(/Seq Scan on event_lanes|Sort/);
    expect(reading).not.toMatch(/Seq Scan on event_deliveries_\d/);
  });
});
