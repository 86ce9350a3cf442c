import { randomUUID } from 'node:crypto';
import { LANES } from '../src/webhooks/webhook-event.entity';
import { WebhookProcessorService } from '../src/webhooks/webhook-processor.service';
import { startTestApp, type TestApp } from './support/app';
import { connectionsOf, newReference } from './support/flow';
import { drainInbox, inboxOf, statementsOf, storeDeliveries, type StoredDelivery } from './support/inbox';
import { postWebhook } from './support/webhooks';

const BATCH = 200;

interface EndUser {
  referenceId: string;
  userId: string;
}

const endUsers = (count: number): EndUser[] =>
  Array.from({ length: count }, () => ({ referenceId: newReference(), userId: randomUUID() }));
const userOf = ({ referenceId, userId }: EndUser, provider = 'GARMIN') => ({
  user_id: userId,
  provider,
  reference_id: referenceId,
  scopes: 'DAILY,SLEEP',
});
const authOf = (endUser: EndUser, more: object = {}) => ({
  type: 'auth',
  status: 'success',
  user: userOf(endUser),
  ...more,
});
const dailyOf = (endUser: EndUser) => ({ type: 'daily', user: userOf(endUser), data: [{ steps: 1 }] });

describe('Events are processed in sets', () => {
  let service: TestApp;
  beforeAll(async () => (service = await startTestApp()));
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => service.close());

  const statuses = async (traceIds: string[]): Promise<Record<string, number>> => {
    const rows = await service.query<{ status: string; count: number }>(
      `SELECT status, count(*)::int AS count FROM terra_connect.webhook_events WHERE trace_id = ANY($1)
        GROUP BY status`,
      [traceIds],
    );
    return Object.fromEntries(rows.map(({ status, count }) => [status, count]));
  };

  describe('the number of statements does not grow with the number of events', () => {
    const statementsFor = async (deliveries: StoredDelivery[], lane: 0 | 1): Promise<number> => {
      const traceIds = await storeDeliveries(service, deliveries);
      const statements = await statementsOf(() => inboxOf(service).processLane(lane, BATCH));
      expect(await statuses(traceIds)).toEqual({ done: deliveries.length });
      return statements.length;
    };

    it('of data events: at most 12', async () => {
      const counts: number[] = [];
      for (const size of [20, BATCH]) {
        const users = endUsers(size);
        await storeDeliveries(
          service,
          users.map((user) => ({ body: authOf(user) })),
        );
        await drainInbox(service, BATCH, LANES.links);
        counts.push(
          await statementsFor(
            users.map((user) => ({ body: dailyOf(user) })),
            LANES.data,
          ),
        );
      }
      expect(counts[0]).toBe(counts[1]);
      expect(counts[1]).toBeLessThanOrEqual(12);
    });
  });

  describe('R12: an event that fails is isolated', () => {
    const poison = async (work: () => Promise<void>): Promise<void> => {
      await service.query(
        `ALTER TABLE terra_connect.connection_facts ADD CONSTRAINT no_poison CHECK (provider <> 'POISON') NOT VALID`,
      );
      try {
        await work();
      } finally {
        await service.query(`ALTER TABLE terra_connect.connection_facts DROP CONSTRAINT no_poison`);
      }
    };
    const attemptsOf = (): (() => number) => {
      const processor = service.app.get(WebhookProcessorService, { strict: false });
      const spies = [jest.spyOn(processor, 'processDue'), jest.spyOn(processor, 'processAgain')];
      return () => spies.reduce((sum, { mock }) => sum + mock.calls.length, 0);
    };

    it.each([0, 77, 199])(
      'at place %i of 200 within 2 · log2(200) attempts, and all others are processed in the same pass',
      async (place) => {
        const users = endUsers(BATCH);
        const deliveries = users.map((user, index) => ({
          body: index === place ? { ...authOf(user), user: userOf(user, 'POISON') } : authOf(user),
        }));
        const traceIds = await storeDeliveries(service, deliveries);
        const attempts = attemptsOf();
        await poison(async () => void (await inboxOf(service).processLane(LANES.links, BATCH)));
        expect(attempts()).toBeLessThanOrEqual(1 + 2 * Math.ceil(Math.log2(BATCH)));
        expect(await statuses(traceIds)).toEqual({ done: BATCH - 1, pending: 1 });
        const failed = await service.query(
          `SELECT trace_id, attempts, type FROM terra_connect.webhook_events
            WHERE trace_id = ANY($1) AND status = 'pending'`,
          [traceIds],
        );
        expect(failed).toEqual([{ trace_id: traceIds[place], attempts: 1, type: 'auth' }]);
        await service.query(`UPDATE terra_connect.webhook_events SET next_attempt_at = '-infinity'`);
        await drainInbox(service, BATCH, LANES.links);
        expect(await statuses(traceIds)).toEqual({ done: BATCH });
      },
    );

    it('without an attempt of the events beside it, and so are several of them', async () => {
      const users = endUsers(60);
      const isPoison = (index: number): boolean => index % 20 === 7;
      const traceIds = await storeDeliveries(
        service,
        users.map((user, index) => ({
          body: isPoison(index) ? { ...authOf(user), user: userOf(user, 'POISON') } : authOf(user),
        })),
      );
      await poison(async () => void (await inboxOf(service).runOnce()));
      expect(await statuses(traceIds)).toEqual({ done: 57, pending: 3 });
      const attempted = await service.query(
        `SELECT DISTINCT attempts, status FROM terra_connect.webhook_events WHERE trace_id = ANY($1) ORDER BY 1`,
        [traceIds],
      );
      expect(attempted).toEqual([
        { attempts: 0, status: 'done' },
        { attempts: 1, status: 'pending' },
      ]);
    });
  });

  describe('T-21: a hostile body is stored, answered with 200 and settled with a reason', () => {
    const user = (endUser: EndUser, more: string): string =>
      `{"type":"auth","status":"success",${more}"user":${JSON.stringify(userOf(endUser))}}`;
    const deep = (levels: number): string => `"a":${'['.repeat(levels)}${']'.repeat(levels)},`;

    it.each<[what: string, body: (endUser: EndUser) => string | Buffer, status: string, note: string | null]>(
      [
        ['NUL in its text', (one) => user(one, '"message":"\\u0000",'), 'done', null],
        ['half of a surrogate pair', (one) => user(one, '"message":"\\ud800",'), 'done', null],
        ['100,000 levels', (one) => user(one, deep(100_000)), 'done', null],
        [
          'a member __proto__',
          (one) => user(one, '"__proto__":{"user":null,"type":"deauth"},'),
          'done',
          null,
        ],
        ['a number beyond 64 bits', (one) => user(one, `"n":${'9'.repeat(400)},`), 'done', null],
        [
          'a type with NUL',
          () => '{"type":"auth\\u0000"}',
          'dead_lettered',
          'the body is not a Terra event as JSON in UTF-8',
        ],
        [
          'a type of 100,000 characters',
          () => `{"type":"${'x'.repeat(100_000)}"}`,
          'ignored',
          'the type is not known',
        ],
        [
          'bytes that are not UTF-8',
          () => Buffer.from([0x7b, 0xff, 0xfe]),
          'dead_lettered',
          'the body is not a Terra event as JSON in UTF-8',
        ],
        [
          'NUL in the reference of a failed attempt',
          () => '{"type":"auth_cancelled","reference_id":"a\\u0000"}',
          'ignored',
          'a failed attempt of an unknown end user',
        ],
        [
          'ids that are numbers beyond 64 bits',
          () => `{"type":"deauth","user":{"user_id":${'9'.repeat(40)},"provider":${'9'.repeat(40)}}}`,
          'ignored',
          'deauth without a user',
        ],
      ],
    )('if it has %s', async (_what, bodyOf, status, note) => {
      const [hostile, before, after] = endUsers(3) as [EndUser, EndUser, EndUser];
      const traceId = randomUUID();
      for (const [body, id] of [
        [authOf(before), randomUUID()],
        [bodyOf(hostile), traceId],
        [authOf(after), randomUUID()],
      ] as const)
        expect((await postWebhook(service, body, { traceId: id })).status).toBe(200);
      const processor = service.app.get(WebhookProcessorService, { strict: false });
      const again = jest.spyOn(processor, 'processAgain');
      await drainInbox(service, BATCH);
      // It does not even split the batch.
      expect(again).not.toHaveBeenCalled();
      const rows = await service.query(
        `SELECT status, note, attempts FROM terra_connect.webhook_events WHERE trace_id = $1`,
        [traceId],
      );
      expect(rows).toEqual([{ status, note, attempts: 0 }]);
      for (const { referenceId } of [before, after])
        expect(await connectionsOf(service, referenceId)).toHaveLength(1);
    });
  });

  it('a batch of large bodies ends at 4 MB, so that the next ones do not fill the memory', async () => {
    const padding = 'x'.repeat(1_500_000);
    const users = endUsers(5);
    await storeDeliveries(
      service,
      users.map((user) => ({ body: { ...dailyOf(user), padding } })),
    );
    const processor = service.app.get(WebhookProcessorService, { strict: false });
    const taken: number[] = [];
    const processDue = processor.processDue.bind(processor);
    jest.spyOn(processor, 'processDue').mockImplementation(async (lane, limit, events) => {
      const batch = await processDue(lane, limit, events);
      taken.push(events.length);
      return batch;
    });
    await drainInbox(service, BATCH, LANES.largeBodies);
    expect(taken).toEqual([2, 2, 1]);
  });

  it('an event of an end user is not delayed by 300 events of another', async () => {
    const [heavy, bystander] = endUsers(2) as [EndUser, EndUser];
    const scopes = (index: number) => ({
      type: 'permission_change',
      user: { ...userOf(heavy), scopes: `DAILY,S${index}` },
      scopes_added: `S${index}`,
      scopes_removed: '',
    });
    await storeDeliveries(service, [
      { body: authOf(heavy) },
      ...Array.from({ length: 299 }, (_, index) => ({ body: scopes(index) })),
      { body: authOf(bystander) },
    ]);
    const started = performance.now();
    await inboxOf(service).processLane(LANES.links, BATCH);
    await inboxOf(service).processLane(LANES.links, BATCH);
    expect(await connectionsOf(service, bystander.referenceId)).toHaveLength(1);
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});
