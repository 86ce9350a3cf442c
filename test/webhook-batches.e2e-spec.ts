import { randomUUID } from 'node:crypto';
import { LANES } from '../src/webhooks/webhook-event.entity';
import { WebhookProcessingRepository } from '../src/webhooks/webhook-processing.repository';
import { startTestApp, type TestApp } from './support/app';
import { readSession, startSession } from './support/flow';
import {
  authOf,
  endUsers,
  userOf,
  type EndUser,
  drainInbox,
  inboxOf,
  statementsOf,
  storeDeliveries,
  type StoredDelivery,
} from './support/inbox';

const BATCH = 200;

const dailyOf = (endUser: EndUser) => ({ type: 'daily', user: userOf(endUser), data: [{ steps: 1 }] });

describe('Events are processed in sets', () => {
  let service: TestApp;
  beforeAll(async () => (service = await startTestApp()));
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => service.close());

  /** Receives the number of events of each batch. @param meanwhile runs while a batch has locked its events */
  const sizesOfBatches = (meanwhile = (): Promise<void> => Promise.resolve()): number[] => {
    const sizes: number[] = [];
    const inbox = service.app.get(WebhookProcessingRepository, { strict: false });
    const lockDue = inbox.lockDue.bind(inbox);
    jest.spyOn(inbox, 'lockDue').mockImplementation(async (...args) => {
      const batch = await lockDue(...args);
      sizes.push(batch.events.length);
      if (batch.events.length > 0) await meanwhile();
      return batch;
    });
    return sizes;
  };
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

    it('and each lock of Terra users and of end users is taken once', async () => {
      await storeDeliveries(
        service,
        endUsers(5).map((user) => ({ body: authOf(user) })),
      );
      const statements = await statementsOf(() => inboxOf(service).processLane(LANES.links, BATCH));
      expect(statements.filter((text) => text.includes('pg_advisory_xact_lock('))).toHaveLength(2);
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

  it('a batch ends at 4 MB, so that the bodies do not fill the memory', async () => {
    const padding = 'x'.repeat(200_000);
    await storeDeliveries(
      service,
      endUsers(25).map((user) => ({ body: { ...dailyOf(user), padding } })),
    );
    const taken = sizesOfBatches();
    await drainInbox(service, BATCH, LANES.data);
    expect(taken).toEqual([20, 5]);
  });

  it('a large body is alone in its batch, and another process can lock all other ones', async () => {
    const padding = 'x'.repeat(300_000);
    await storeDeliveries(
      service,
      endUsers(3).map((user) => ({ body: { ...dailyOf(user), padding } })),
    );
    const free: number[] = [];
    const taken = sizesOfBatches(async () => {
      const others = await service.query(
        `SELECT FROM terra_connect.webhook_events WHERE status = 'pending' AND lane = ${LANES.largeBodies}
          FOR UPDATE SKIP LOCKED`,
      );
      free.push(others.length);
    });
    await drainInbox(service, BATCH, LANES.largeBodies);
    expect(taken).toEqual([1, 1, 1, 0]);
    expect(free).toEqual([2, 1, 0]);
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
