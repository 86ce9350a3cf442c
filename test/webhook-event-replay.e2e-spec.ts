import { randomUUID } from 'node:crypto';
import { ApiKeysService } from '../src/api-keys';
import { startTestApp, type TestApp } from './support/app';
import { connectionsOf, newReference, stateOf } from './support/flow';
import {
  auth,
  authAgain,
  deauth,
  UNKNOWN_ID,
  PastWebhooks,
  userOf,
  type EventAnswer,
} from './support/past-webhooks';
import { expectNoEffect, refusal } from './support/refusals';

describe('A replay of webhook events', () => {
  let service: TestApp;
  let past: PastWebhooks;
  beforeAll(async () => {
    service = await startTestApp();
    past = new PastWebhooks(service);
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => service.close());

  it('processes a dead letter after its cause is fixed', async () => {
    const referenceId = newReference();
    const repair = await past.failWritesFor(referenceId);
    const user = userOf(referenceId);
    const id = await past.deliver(auth(user));
    await past.exhaustRetries(id);
    expect(await connectionsOf(service, referenceId)).toEqual([]);

    expect((await past.replay({ ids: [id] })).body).toMatchObject({ replayed: 1 });
    expect(await past.read(id)).toMatchObject({ status: 'pending', attempts: 0, note: null });
    await service.drainWebhooks();
    expect(await past.read(id)).toMatchObject({ status: 'pending', attempts: 1, note: 'the disk is full' });
    await past.exhaustRetries(id);

    await repair();
    const { status, body } = await past.replay({ ids: [id] });
    expect(status).toBe(200);
    expect(body).toEqual({
      dryRun: false,
      matched: 1,
      replayed: 1,
      skipped: 0,
      remaining: 0,
      events: [{ id, type: 'auth', status: 'dead_lettered', terraUserId: user.user_id }],
    });
    await service.drainWebhooks();
    expect(await past.read(id)).toMatchObject({ status: 'done', attempts: 0, note: null, replays: 2 });
    expect(await connectionsOf(service, referenceId)).toMatchObject([
      { terraUserId: user.user_id, status: 'active' },
    ]);
  });

  it('is recorded: the event names the actor and the time, the log the actor, the count and the filters', async () => {
    const user = userOf(newReference());
    const id = await past.deliver(auth(user));
    const { key, id: actor } = await service.app
      .get(ApiKeysService, { strict: false })
      .create('an operator', ['admin']);
    service.log.splice(0);
    const filter = { terraUserId: user.user_id, status: 'done' };
    await service.api('POST', '/v1/webhook-events/replay', { key, body: { filter } });

    const event = await past.read(id);
    expect(event).toMatchObject({ replays: 1, replayedBy: actor });
    expect(Date.parse(event.replayedAt ?? '')).toBeGreaterThan(Date.now() - 60_000);
    const lines = service.log.filter((line) => line.includes('webhook_events.replayed'));
    expect(lines.map((line) => JSON.parse(line) as object)).toEqual([
      expect.objectContaining({
        event: 'webhook_events.replayed',
        count: 1,
        actor,
        by: ['status', 'terraUserId'],
      }),
    ]);
    expect(service.log.join('')).not.toContain(user.user_id);
  });

  it('takes the events that match its filter, and does not change pending ones', async () => {
    const [user, other] = [userOf(newReference()), userOf(newReference())];
    const linked = await past.deliver(auth(user));
    const untouched = await past.deliver(auth(other));
    const ended = await past.deliver(deauth(user));
    await past.replay({ ids: [ended] });

    const { body } = await past.replay({ filter: { terraUserId: user.user_id } });
    expect(body).toMatchObject({ matched: 2, replayed: 1, skipped: 1, remaining: 0 });
    expect(body.events.map(({ id }) => id)).toEqual([linked]);
    expect(await past.read(untouched)).toMatchObject({ status: 'done', replays: 0 });
    expect(await past.read(ended)).toMatchObject({ status: 'pending', replays: 1 });
    await service.drainWebhooks();
  });

  it('takes the oldest events first, up to the limit, and reports how many remain', async () => {
    const user = userOf(newReference());
    const ids: string[] = [];
    for (let count = 0; count < 5; count += 1) ids.push(await past.deliver(authAgain(user)));
    const { body } = await past.replay({ filter: { terraUserId: user.user_id }, limit: 2 });
    expect(body).toMatchObject({ matched: 5, replayed: 2, skipped: 0, remaining: 3 });
    expect(body.events.map(({ id }) => id)).toEqual(ids.slice(0, 2));
    expect((await Promise.all(ids.map((id) => past.read(id)))).map(({ replays }) => replays)).toEqual([
      1, 1, 0, 0, 0,
    ]);
  });

  it('names the first hundred events when it takes more', async () => {
    const user = userOf(newReference());
    await Promise.all(Array.from({ length: 120 }, () => past.post(authAgain(user))));
    await service.drainWebhooks();
    const { body } = await past.replay({ filter: { terraUserId: user.user_id } });
    expect(body).toMatchObject({ matched: 120, replayed: 120 });
    expect(body.events).toHaveLength(100);
    await service.drainWebhooks();
  });

  it('reports in a dry run what it would do, and changes nothing', async () => {
    const user = userOf(newReference());
    await past.deliver(auth(user));
    await past.deliver(deauth(user));
    await past.post(authAgain(user));
    const filter = { terraUserId: user.user_id, receivedFrom: '2020-01-01' };
    service.log.splice(0);
    const { status, body } = await expectNoEffect(service, () => past.replay({ filter, dryRun: true }));
    expect({ status, body }).toMatchObject({ status: 200, body: { dryRun: true, replayed: 2 } });
    expect(service.log.join('')).not.toContain('webhook_events.replayed');
    expect((await past.replay({ filter })).body).toEqual({ ...body, dryRun: false });
    await service.drainWebhooks();
  });

  it('takes an event only one time, although the request names it twice or in capitals', async () => {
    const id = await past.deliver(auth(userOf(newReference())));
    const { body } = await past.replay({ ids: [id, id, id.toUpperCase()] });
    expect(body).toMatchObject({ matched: 1, replayed: 1 });
    expect(await past.read(id)).toMatchObject({ replays: 1 });
  });

  it('happens only one time, although ten callers request it at the same time', async () => {
    const user = userOf(newReference());
    const ids = await Promise.all(Array.from({ length: 20 }, () => past.post(authAgain(user))));
    await service.drainWebhooks();
    // Half of the requests list the ids, in both directions: locks in different orders would end in a deadlock.
    const requests = Array.from({ length: 10 }, (_, index) =>
      index % 2 ? { filter: { terraUserId: user.user_id } } : { ids: index % 4 ? ids : ids.toReversed() },
    );
    const answers = await Promise.all(requests.map((request) => past.replay(request)));
    expect(answers.map(({ status }) => status)).toEqual(requests.map(() => 200));
    expect(answers.reduce((sum, { body }) => sum + body.replayed, 0)).toBe(20);
    expect((await Promise.all(ids.map((id) => past.read(id)))).every(({ replays }) => replays === 1)).toBe(
      true,
    );
    await service.drainWebhooks();
  });

  it('of a data event changes nothing, because the service does not keep the data', async () => {
    const event = { type: 'sleep', user: userOf(newReference()), data: [{ heart_rate: 61 }] };
    const id = await past.deliver(event);
    const before = { ...(await stateOf(service)), webhook_events: '' };
    const { body } = await past.read(id);
    await past.replay({ ids: [id] });
    await service.drainWebhooks();
    expect(await past.read(id)).toMatchObject({ status: 'done', body });
    expect({ ...(await stateOf(service)), webhook_events: '' }).toEqual(before);
  });

  it('is rejected when some ids are unknown, names them, and replays none of the others', async () => {
    const known = await past.deliver(auth(userOf(newReference())));
    const unknownIds = [UNKNOWN_ID, randomUUID()];
    for (const dryRun of [true, false]) {
      const body = { ids: [unknownIds[0], known, unknownIds[1]], dryRun };
      const problem = await refusal(service, 'POST', '/v1/webhook-events/replay', { body });
      expect(problem).toMatchObject({ status: 404, code: 'webhook_event.not_found', unknownIds });
    }
  });

  it.each<[string, unknown]>([
    ['ids', {}],
    ['limit', []],
    ['ids', { ids: null, filter: null }],
    ['ids', { ids: [] }],
    ['ids', { ids: UNKNOWN_ID }],
    ['ids', { ids: ['not-an-id'] }],
    ['ids', { ids: [UNKNOWN_ID, 4711] }],
    ['ids', { ids: Array.from({ length: 501 }, () => UNKNOWN_ID) }],
    ['filter', { ids: [UNKNOWN_ID], filter: { status: 'dead_lettered' } }],
    ['filter', { filter: {} }],
    ['filter', { filter: { status: null } }],
    ['filter', { filter: 'dead_lettered' }],
    ['filter', { filter: [{ status: 'dead_lettered' }] }],
    ['filter.status', { filter: { status: 'alive' } }],
    ['filter.status', { filter: { status: ['dead_lettered'] } }],
    ['filter.referenceId', { filter: { referenceId: 'null' } }],
    ['filter.receivedFrom', { filter: { receivedFrom: 1_795_426_200_000 } }],
    ['filter.everything', { filter: { everything: true } }],
    ['filter.limit', { filter: { status: 'dead_lettered', limit: 5 } }],
    ['limit', { filter: { status: 'dead_lettered' }, limit: 0 }],
    ['limit', { filter: { status: 'dead_lettered' }, limit: 10_001 }],
    ['limit', { filter: { status: 'dead_lettered' }, limit: '5' }],
    ['dryRun', { filter: { status: 'dead_lettered' }, dryRun: 'true' }],
    ['dryRun', { filter: { status: 'dead_lettered' }, dryRun: null }],
    ['dry_run', { filter: { status: 'dead_lettered' }, dry_run: true }],
  ])('is rejected for the invalid field %s (%#)', async (field, body) => {
    const problem = await refusal(service, 'POST', '/v1/webhook-events/replay', { body });
    expect(problem).toMatchObject({ status: 422, code: 'request.invalid' });
    expect(problem.errors?.map((error) => error.field)).toContain(field);
  });
});

describe('A replayed event', () => {
  it('is processed by any process whose workers run, without a signal', async () => {
    const service = await startTestApp({ WORKERS_ENABLED: 'true' });
    const past = new PastWebhooks(service);
    const untilDone = async (id: string): Promise<EventAnswer> => {
      for (let tries = 0; tries < 100; tries += 1) {
        const event = await past.read(id);
        if (event.status === 'done') return event;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      throw new Error('The event was not processed.');
    };
    try {
      const id = await past.post(auth(userOf(newReference())));
      expect(await untilDone(id)).toMatchObject({ replays: 0 });
      await past.replay({ ids: [id] });
      expect(await untilDone(id)).toMatchObject({ replays: 1 });
    } finally {
      await service.close();
    }
  });
});
