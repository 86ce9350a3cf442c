import { ApiKeysService, SCOPES } from '../src/api-keys';
import { startTestApp, type TestApp } from './support/app';
import { newReference } from './support/flow';
import { auth, deauth, UNKNOWN_ID, PastWebhooks, userOf } from './support/past-webhooks';
import { invalidField, refusal } from './support/refusals';

describe('The admin API for webhook events', () => {
  let service: TestApp;
  let past: PastWebhooks;
  beforeAll(async () => {
    service = await startTestApp();
    past = new PastWebhooks(service);
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => service.close());

  describe('the list', () => {
    const referenceId = newReference();
    const user = userOf(referenceId);
    const ids: Record<string, string> = {};
    beforeAll(async () => {
      ids.linked = await past.deliver(auth(user));
      ids.ended = await past.deliver(deauth(user));
      ids.unknownType = await past.deliver({ type: 'weather', user });
      ids.ownerless = await past.deliver(auth(userOf(null)));
      ids.unreadable = await past.deliver('no JSON at all');
      const repair = await past.failWritesFor(`${referenceId}-2`);
      ids.deadLetter = await past.deliver(auth(userOf(`${referenceId}-2`, 'terra-user-of-the-dead')));
      await past.exhaustRetries(ids.deadLetter);
      await repair();
      ids.pending = await past.post(auth(userOf(newReference())));
    });

    it.each([
      ['pending', ['pending']],
      ['done', ['ended', 'linked']],
      ['ignored', ['unknownType']],
      ['parked', ['ownerless']],
      ['dead_lettered', ['deadLetter', 'unreadable']],
    ])('holds only the events of status %s, newest first', async (status, names) => {
      expect(await past.idsOf({ status })).toEqual(names.map((name) => ids[name]));
    });

    it('is filtered by type', async () => {
      expect(await past.idsOf({ type: 'auth' })).toEqual([ids.deadLetter, ids.ownerless, ids.linked]);
      expect(await past.idsOf({ type: 'weather' })).toEqual([ids.unknownType]);
      expect(await past.idsOf({ type: 'AUTH' })).toEqual([]);
    });

    it('is filtered by Terra user, also for dead letters', async () => {
      expect(await past.idsOf({ terraUserId: user.user_id })).toEqual([
        ids.unknownType,
        ids.ended,
        ids.linked,
      ]);
      expect(await past.idsOf({ terraUserId: 'terra-user-of-the-dead' })).toEqual([ids.deadLetter]);
    });

    it('is filtered by reference, compared exactly', async () => {
      expect(await past.idsOf({ referenceId: `${referenceId}-2` })).toEqual([ids.deadLetter]);
      expect(await past.idsOf({ referenceId: `${referenceId.toUpperCase()}-2` })).toEqual([]);
    });

    it('is filtered by time, from receivedFrom inclusive to receivedTo exclusive', async () => {
      const [unknownType, deadLetter] = await Promise.all([
        past.read(ids.unknownType ?? ''),
        past.read(ids.deadLetter ?? ''),
      ]);
      const within = { receivedFrom: unknownType.receivedAt, receivedTo: deadLetter.receivedAt };
      expect(await past.idsOf(within)).toEqual([ids.unreadable, ids.ownerless, ids.unknownType]);
      expect(await past.idsOf({ receivedFrom: deadLetter.receivedAt.replace('Z', '+00:00') })).toEqual([
        ids.pending,
        ids.deadLetter,
      ]);
      expect(await past.idsOf({ receivedTo: '2020-01-01' })).toEqual([]);
    });

    it('is filtered by all filters together', async () => {
      const filter = { status: 'done', type: 'auth', terraUserId: user.user_id, receivedFrom: '2020-01-01' };
      expect(await past.idsOf(filter)).toEqual([ids.linked]);
      expect(await past.idsOf({ ...filter, status: 'dead_lettered' })).toEqual([]);
    });

    it('shows each event on exactly one page, although new events arrive', async () => {
      const before = await past.idsOf({});
      const seen: string[] = [];
      let page = await past.list({ limit: '2' });
      for (let pages = 1; ; pages += 1) {
        expect(page.items.length).toBeLessThanOrEqual(2);
        seen.push(...page.items.map(({ id }) => id));
        if (page.nextCursor === null || pages > 20) break;
        await past.post(auth(userOf(newReference())));
        page = await past.list({ limit: '2', cursor: page.nextCursor });
      }
      expect(seen).toEqual(before);
    });

    it('shows the outcome and the times of an event, and not its body', async () => {
      const { items } = await past.list({ status: 'dead_lettered', type: 'auth' });
      expect(items).toEqual([
        expect.objectContaining({
          id: ids.deadLetter,
          note: 'the disk is full',
          attempts: 14,
          replays: 0,
          replayedAt: null,
          replayedBy: null,
        }),
      ]);
      expect(items[0]).not.toHaveProperty('body');
    });

    it.each(['x', 'null', '%00', 'MDE5ODBjMGU', `${UNKNOWN_ID}`, "'OR'1'='1", 'a'.repeat(2_000)])(
      'rejects a cursor that the service has not issued (%#)',
      async (cursor) => {
        const path = `/v1/webhook-events?cursor=${encodeURIComponent(cursor)}`;
        expect(await refusal(service, 'GET', path)).toMatchObject(invalidField('cursor'));
      },
    );

    it.each([
      ['status', 'alive'],
      ['status', ''],
      ['type', ''],
      ['type', 'a%00b'],
      ['type', 'x'.repeat(101)],
      ['terraUserId', 'x'.repeat(201)],
      ['referenceId', 'null'],
      ['receivedFrom', 'yesterday'],
      ['receivedFrom', '2026-02-30'],
      ['receivedFrom', '2026-11-23T09:30:00'],
      ['receivedTo', '1795426200000'],
      ['receivedTo', ''],
      ['limit', '0'],
      ['limit', '201'],
      ['ids', UNKNOWN_ID],
    ])('rejects an invalid %s (%#)', async (field, value) => {
      const path = `/v1/webhook-events?${field}=${value}`;
      expect(await refusal(service, 'GET', path)).toMatchObject(invalidField(field));
    });
  });

  describe('one event', () => {
    it('is shown with its body and the time when it occurred', async () => {
      const event = auth(userOf(newReference()));
      const occurredAt = new Date(Date.now() - 60_120);
      const id = await past.deliver(event, { occurredAt });
      expect(await past.read(id)).toMatchObject({
        traceId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
        occurredAt: occurredAt.toISOString(),
        type: 'auth',
        status: 'done',
        note: null,
        attempts: 0,
        processedAt: expect.any(String) as string,
        body: event,
        bodyText: null,
      });
    });

    it.each([
      ['not JSON', 'auth=success'],
      ['a list', '[1,2]'],
      ['a string', '"auth"'],
      ['nested too deep to serialize', `{"type":"x","a":${'['.repeat(50_000)}${']'.repeat(50_000)}}`],
    ])('is shown as the received text when it is %s', async (_case, text) => {
      expect(await past.read(await past.post(text))).toMatchObject({ body: null, bodyText: text });
    });

    it('shows no measurement of a data event after the service has processed it', async () => {
      const event = { type: 'daily', user: userOf(newReference()), data: [{ heart_rate: 61 }] };
      const { status, body } = await past.read(await past.deliver(event));
      expect({ status, body }).toEqual({
        status: 'done',
        body: { type: 'daily', user: event.user, data: 'not kept' },
      });
    });

    it.each([UNKNOWN_ID, 'not-an-id', '%00', '1'])('is not found under the id %s', async (id) => {
      const problem = await refusal(service, 'GET', `/v1/webhook-events/${id}`);
      expect(problem).toMatchObject({ status: 404, code: 'webhook_event.not_found' });
    });
  });

  it('T-25: requires the scope admin, to read and to replay', async () => {
    const id = await past.deliver(auth(userOf(newReference())));
    const apiKeys = service.app.get(ApiKeysService, { strict: false });
    const others = SCOPES.filter((scope) => scope !== 'admin');
    const { key } = await apiKeys.create('everything but admin', others);
    const calls: [string, string, object?][] = [
      ['GET', '/v1/webhook-events'],
      ['GET', `/v1/webhook-events/${id}`],
      ['POST', '/v1/webhook-events/replay', { ids: [id] }],
      ['POST', '/v1/webhook-events/replay', { ids: [id], dryRun: true }],
    ];
    for (const [method, path, body] of calls) {
      const rejected = await refusal(service, method, path, { key, body });
      expect(rejected).toMatchObject({ status: 403, code: 'auth.missing_scope', requiredScope: 'admin' });
      expect(await refusal(service, method, path, { key: null, body })).toMatchObject({ status: 401 });
    }
  });
});
