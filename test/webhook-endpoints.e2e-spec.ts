import { ApiKeysService } from '../src/api-keys';
import { EVENT_TYPES } from '../src/events/event-types';
import { DeletedEndpointsWorker } from '../src/events';
import { startTestApp, type TestApp } from './support/app';
import { newReference, shiftClock } from './support/flow';
import { HOSTILE_URLS } from './support/hostile-urls';
import { closeAll } from './support/terra-client';
import {
  appendEvent,
  createEndpoint,
  deliver,
  startWebhookReceiver,
  verify,
  type EndpointAnswer,
} from './support/webhook-receiver';

const PATH = '/v1/webhook-endpoints';
const URL_OF_RECEIVER = 'https://hooks.example.com/terra';

describe('Webhook endpoints', () => {
  let service: TestApp;
  beforeAll(async () => {
    service = await startTestApp({ OUTBOUND_ALLOW_PRIVATE: 'true' });
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await closeAll();
    await service.query('DELETE FROM terra_connect.event_endpoints');
  });
  afterAll(() => service.close());

  const post = (body: unknown, path = PATH) => service.api('POST', path, { body });

  it('are created, read, changed, listed and deleted, and only their creation shows the secret', async () => {
    const created = await post({ url: URL_OF_RECEIVER, types: ['connection.*', 'connection.*'] });
    expect(created).toMatchObject({
      status: 201,
      body: {
        url: URL_OF_RECEIVER,
        description: null,
        types: ['connection.*'],
        enabled: true,
        disabledReason: null,
        failingSince: null,
        previousSecretUntil: null,
        secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/) as string,
      },
    });
    const { secret, ...shown } = created.body as unknown as EndpointAnswer;
    const path = `${PATH}/${shown.id}`;
    expect(await service.api('GET', path)).toMatchObject({ status: 200, body: shown });
    expect((await service.api('GET', path)).body).not.toHaveProperty('secret');
    const changed = await service.api('PATCH', path, {
      body: { description: 'Diary', types: ['*', 'data.*'], enabled: false },
    });
    expect(changed).toMatchObject({
      status: 200,
      body: {
        url: URL_OF_RECEIVER,
        description: 'Diary',
        types: ['*', 'data.*'],
        disabledReason: 'requested',
      },
    });
    expect((await service.api('GET', PATH)).body).toEqual({ items: [changed.body] });
    const enabled = await service.api('PATCH', path, { body: { enabled: true, description: null } });
    expect(enabled.body).toMatchObject({ enabled: true, disabledReason: null, description: null });
    expect((await service.api('DELETE', path)).status).toBe(204);
    expect((await service.api('GET', PATH)).body).toEqual({ items: [] });
    for (const method of ['GET', 'PATCH', 'DELETE'])
      expect(await service.api(method, path, method === 'PATCH' ? { body: {} } : {})).toMatchObject({
        status: 404,
        body: { code: 'webhook_endpoint.not_found' },
      });
    expect(service.log.join('\n')).not.toContain(secret.slice('whsec_'.length));
  });

  it('accept every type of event and every group', async () => {
    expect((await post({ url: URL_OF_RECEIVER, types: EVENT_TYPES })).status).toBe(201);
    const groups = ['*', 'connection.*', 'connect_session.*', 'end_user.*', 'endpoint.*', 'data.*'];
    expect((await post({ url: URL_OF_RECEIVER, types: groups })).status).toBe(201);
  });

  it.each([
    ['types', { types: ['connection.connected', 'connection.exploded'] }],
    ['types', { types: ['*.connected'] }],
    ['types', { types: [] }],
    ['types', { types: 'connection.*' }],
    ['types', { types: null }],
    ['url', { url: null }],
    ['url', { url: 5 }],
    ['enabled', { enabled: 'yes' }],
    ['enabled', { enabled: null }],
    ['description', { description: 'a\u0000b' }],
    ['description', { description: 'x'.repeat(201) }],
    ['secret', { secret: 'whsec_bXkgb3duIHNlY3JldCBvZiBteSBvd24=' }],
  ])('reject a wrong field and name it: %s %j', async (field, wrong) => {
    const problem = { status: 422, body: { errors: [expect.objectContaining({ field }) as unknown] } };
    expect(await post({ url: URL_OF_RECEIVER, types: ['connection.*'], ...wrong })).toMatchObject(problem);
    const { id } = await createEndpoint(service, { url: URL_OF_RECEIVER });
    expect(await service.api('PATCH', `${PATH}/${id}`, { body: wrong })).toMatchObject(problem);
  });

  it('T-18: never have a hostile URL, whether created or changed', async () => {
    const { id } = await createEndpoint(service, { url: URL_OF_RECEIVER });
    const problem = { status: 422, body: { errors: [expect.objectContaining({ field: 'url' }) as unknown] } };
    const kinds = [HOSTILE_URLS.neverAllowed, HOSTILE_URLS.userInfo, HOSTILE_URLS.fragment];
    for (const url of kinds.flatMap((urls) => urls.slice(0, 3))) {
      expect(await post({ url, types: ['connection.*'] })).toMatchObject(problem);
      expect(await service.api('PATCH', `${PATH}/${id}`, { body: { url } })).toMatchObject(problem);
    }
  });

  it('are at most 100, also when two requests create the last one at the same time', async () => {
    const { id } = await createEndpoint(service, { url: URL_OF_RECEIVER });
    await service.query(
      `INSERT INTO terra_connect.event_endpoints (id, url, types, enabled, secret, created_at, updated_at)
        SELECT gen_random_uuid(), url, types, enabled, secret, created_at, updated_at
          FROM terra_connect.event_endpoints, generate_series(1, 98) WHERE id = $1`,
      [id],
    );
    const body = { url: URL_OF_RECEIVER, types: ['connection.*'] };
    const statuses = (await Promise.all([post(body), post(body)])).map(({ status }) => status);
    expect(statuses.sort()).toEqual([201, 409]);
    expect(await post(body)).toMatchObject({ status: 409, body: { code: 'webhook_endpoint.too_many' } });
  });

  it('need the scopes endpoints:read and endpoints:write', async () => {
    const keys = service.app.get(ApiKeysService, { strict: false });
    const { key } = await keys.create('reader', ['endpoints:read', 'connections:write']);
    expect((await service.api('GET', PATH, { key })).status).toBe(200);
    expect(await service.api('POST', PATH, { key, body: {} })).toMatchObject({
      status: 403,
      body: { requiredScope: 'endpoints:write' },
    });
  });

  it('sign with the new and the previous secret during a rotation, and with the new one afterwards', async () => {
    const receiver = await startWebhookReceiver();
    const { id, secret: first } = await createEndpoint(service, receiver);
    const rotate = async (body: object): Promise<string> =>
      ((await post(body, `${PATH}/${id}/rotate-secret`)).body as unknown as EndpointAnswer).secret;
    const second = await rotate({ overlapHours: 2 });
    const send = async () => {
      await appendEvent(service, newReference());
      await deliver(service);
      return receiver.received.at(-1) as (typeof receiver.received)[number];
    };
    const during = await send();
    expect(verify(during, first)).toEqual(during.event);
    expect(verify(during, second)).toEqual(during.event);
    shiftClock(service, 2 * 3_600 - 5);
    expect(String((await send()).headers['webhook-signature']).split(' ')).toHaveLength(2);
    shiftClock(service, 2 * 3_600 + 5);
    expect(String((await send()).headers['webhook-signature']).split(' ')).toHaveLength(1);
    jest.restoreAllMocks();
    const third = await rotate({ overlapHours: 0 });
    const after = await send();
    expect(() => verify(after, second)).toThrow('No matching signature found');
    expect(verify(after, third)).toEqual(after.event);
    const log = service.log.join('\n');
    for (const secret of [first, second, third]) expect(log).not.toContain(secret.slice('whsec_'.length));
    for (const overlapHours of [-1, 1.5, 169, '1', null])
      expect((await post({ overlapHours }, `${PATH}/${id}/rotate-secret`)).status).toBe(422);
  });

  it('are gone with their deliveries some minutes after their deletion', async () => {
    const receiver = await startWebhookReceiver();
    const { id } = await createEndpoint(service, receiver);
    for (let events = 0; events < 3; events += 1) await appendEvent(service, newReference());
    await service.api('DELETE', `${PATH}/${id}`);
    await deliver(service);
    expect(receiver.received).toEqual([]);
    const worker = service.app.get(DeletedEndpointsWorker, { strict: false });
    const left = async () => {
      await worker.runOnce();
      const of = (table: string): string => `(SELECT count(*)::int FROM terra_connect.${table} WHERE `;
      const [row] = await service.query(
        `SELECT ${of('event_lanes')} endpoint_id = $1) AS lanes, ${of('event_deliveries')} endpoint_id = $1) AS deliveries,
          ${of('event_endpoints')} id = $1 AND secret = '') AS endpoints`,
        [id],
      );
      return row;
    };
    // A transaction that began before may still add a delivery.
    expect(await left()).toEqual({ lanes: 3, deliveries: 3, endpoints: 1 });
    shiftClock(service, 130);
    expect(await left()).toEqual({ lanes: 0, deliveries: 0, endpoints: 0 });
  });
});
