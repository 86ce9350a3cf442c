import { randomUUID } from 'node:crypto';
import { LANES } from '../src/webhooks/webhook-event.entity';
import { WebhookProcessorService } from '../src/webhooks/webhook-processor.service';
import { startTestApp, type TestApp } from './support/app';
import { newReference, readSession, startSession } from './support/flow';
import { drainInbox, inboxOf, statementsOf, storeDeliveries, type StoredDelivery } from './support/inbox';

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
    /** An open session of each end user, copied from one that the API created. */
    const openSessions = async (users: EndUser[]): Promise<void> => {
      const { id } = await startSession(service);
      await service.query(
        `INSERT INTO terra_connect.connect_sessions
          SELECT (jsonb_populate_record(session, jsonb_build_object('id', gen_random_uuid(), 'reference_id', person,
              'connect_token', gen_random_uuid(), 'return_nonce_hash', '\\x' || md5(person),
              'created_at', now() - interval '5 minutes'))).*
            FROM terra_connect.connect_sessions session, unnest($2::text[]) AS person WHERE id = $1`,
        [id, users.map(({ referenceId }) => referenceId)],
      );
    };
    const statementsFor = async (deliveries: StoredDelivery[], lane: 0 | 1): Promise<number> => {
      const traceIds = await storeDeliveries(service, deliveries);
      const statements = await statementsOf(() => inboxOf(service).processLane(lane, BATCH));
      expect(await statuses(traceIds)).toEqual({ done: deliveries.length });
      return statements.length;
    };

    it('of auth of new end users, each of whom completes a session: at most 30', async () => {
      const counts: number[] = [];
      for (const size of [20, BATCH]) {
        const users = endUsers(size);
        await openSessions(users);
        counts.push(
          await statementsFor(
            users.map((user) => ({ body: authOf(user) })),
            LANES.links,
          ),
        );
        const ended = await service.query(
          `SELECT FROM terra_connect.connect_sessions WHERE reference_id = ANY($1) AND status = 'completed'`,
          [users.map(({ referenceId }) => referenceId)],
        );
        expect(ended).toHaveLength(size);
      }
      expect(counts[0]).toBe(counts[1]);
      expect(counts[1]).toBeLessThanOrEqual(30);
    });

    it.each([
      ['that continue a connection', 'GARMIN', 'active'],
      ['that succeed a connection at another provider', 'OURA', 'disconnecting'],
    ])('of auth in sessions %s', async (_what, provider, status) => {
      const counts: number[] = [];
      for (const size of [5, 50]) {
        const users = endUsers(size);
        await storeDeliveries(
          service,
          users.map((user) => ({ body: authOf(user), occurredAt: new Date(Date.now() - 600_000) })),
        );
        await drainInbox(service, BATCH, LANES.links);
        await openSessions(users);
        await service.query(
          `UPDATE terra_connect.connect_sessions session SET reconnects_connection_id = connection.id,
              reconnects_terra_user_id = connection.terra_user_id
            FROM terra_connect.connections connection
            WHERE connection.reference_id = session.reference_id AND session.reference_id = ANY($1)`,
          [users.map(({ referenceId }) => referenceId)],
        );
        const again = users.map((user) => ({ ...user, userId: randomUUID() }));
        counts.push(
          await statementsFor(
            again.map((user) => ({ body: { ...authOf(user), user: userOf(user, provider) } })),
            LANES.links,
          ),
        );
        const before = await service.query(
          `SELECT DISTINCT status FROM terra_connect.connections
            WHERE reference_id = ANY($1) AND provider = 'GARMIN' AND merged_into IS NULL`,
          [users.map(({ referenceId }) => referenceId)],
        );
        expect(before).toEqual([{ status }]);
      }
      expect(counts[0]).toBe(counts[1]);
    });

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

  it('a session completes once if its auth and its repetition are in one batch', async () => {
    const session = await startSession(service);
    const event = { type: 'auth', status: 'success', user: userOf({ ...session, userId: randomUUID() }) };
    const later = await startSession(service, { referenceId: session.referenceId });
    await storeDeliveries(service, [
      { body: event, occurredAt: new Date() },
      { body: event, occurredAt: new Date() },
    ]);
    await drainInbox(service, BATCH);
    const read = [await readSession(service, session.id), await readSession(service, later.id)];
    expect(read.map(({ status }) => status).sort()).toEqual(['completed', 'pending']);
  });
});
