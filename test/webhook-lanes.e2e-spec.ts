import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { runSql } from '../src/database';
import { LANES } from '../src/webhooks/webhook-event.entity';
import { WebhookProcessingRepository } from '../src/webhooks/webhook-processing.repository';
import { startTestApp, type TestApp } from './support/app';
import { connectionsOf, newReference } from './support/flow';
import { inboxOf, storeDeliveries, storePile } from './support/inbox';
import { postWebhook } from './support/webhooks';

const PILE = 100_000;
const MEGABYTE = 1024 * 1024;

const authOf = (referenceId: string, more: object = {}) => ({
  type: 'auth',
  status: 'success',
  user: { user_id: randomUUID(), provider: 'GARMIN', reference_id: referenceId },
  ...more,
});

let service: TestApp;
const pending = async (): Promise<number> => {
  const [row] = await service.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM terra_connect.webhook_events WHERE status = 'pending'`,
  );
  return row?.count ?? NaN;
};
const isLinked = async (referenceId: string): Promise<void> => {
  while ((await connectionsOf(service, referenceId)).length === 0) await sleep(5);
};

describe('While 100,000 data events wait', () => {
  const start = async (workers: boolean): Promise<void> => {
    service = await startTestApp({ WORKERS_ENABLED: String(workers) });
    await storePile(service, randomUUID(), PILE);
  };
  afterEach(() => service.close());

  it('the worker of links processes an auth first, and no data event', async () => {
    await start(false);
    const referenceId = newReference();
    expect((await postWebhook(service, authOf(referenceId))).status).toBe(200);
    expect(await inboxOf(service).processLane(LANES.links, 200)).toBe(false);
    expect(await connectionsOf(service, referenceId)).toMatchObject([{ status: 'active' }]);
    expect(await pending()).toBe(PILE);
  });

  it('an auth is visible within a second', async () => {
    await start(true);
    const times: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      const referenceId = newReference();
      const started = performance.now();
      expect((await postWebhook(service, authOf(referenceId))).status).toBe(200);
      await isLinked(referenceId);
      times.push(performance.now() - started);
    }
    expect(await pending()).toBeGreaterThan(1_000);
    expect(times.sort((a, b) => a - b)[2]).toBeLessThan(1_000);
  });
});

describe('The look for due events', () => {
  beforeAll(async () => (service = await startTestApp()));
  afterAll(async () => {
    jest.restoreAllMocks();
    await service.close();
  });

  it('uses the index of the lane of each partition, also of one that is empty when its day begins, with one plan for all runs', async () => {
    await service.query(`SELECT terra_connect.create_webhook_partitions(current_date + 30)`);
    await service.query('ANALYZE terra_connect.webhook_events');
    const processing = service.app.get(WebhookProcessingRepository, { strict: false });
    const lockDue = processing.lockDue.bind(processing);
    let plan = '';
    let plans: object = {};
    jest.spyOn(processing, 'lockDue').mockImplementation(async (manager, ...args) => {
      const batch = await lockDue(manager, ...args);
      const { rows } = await runSql<{ name: string; custom: string; generic: string }>(
        manager,
        `SELECT name, custom_plans::int AS custom, generic_plans::int AS generic FROM pg_prepared_statements
          WHERE statement LIKE '%FOR UPDATE SKIP LOCKED%'`,
      );
      const { name, ...counts } = rows[0]!;
      plans = counts;
      const explained = await manager.query<Record<string, string>[]>(
        `EXPLAIN EXECUTE ${name} (0, now(), 200, true)`,
      );
      plan = explained.map((row) => row['QUERY PLAN']).join('\n');
      return batch;
    });
    for (let run = 1; run <= 10; run += 1) await inboxOf(service).processLane(LANES.links, 200);
    expect(plans).toMatchObject({ custom: 0 });
    const today = new Date().toISOString().slice(0, 10).replaceAll('-', '');
    expect(plan).toMatch(new RegExp(`Index Scan using \\S*_lane_\\S* on webhook_events_${today} `));
    expect(plan).not.toMatch(/Seq Scan on webhook_events/);
  });
});

describe('While a transaction with health data and one with a large body wait for a lock', () => {
  beforeAll(async () => (service = await startTestApp({ WORKERS_ENABLED: 'true' })));
  afterAll(() => service.close());

  it('an auth is processed', async () => {
    const [blocked, other] = [newReference(), newReference()];
    const link = authOf(blocked);
    await postWebhook(service, link);
    await isLinked(blocked);
    const client = new Client({ connectionString: service.databaseUrl });
    await client.connect();
    await client.query('BEGIN');
    await client.query('SELECT FROM terra_connect.connections WHERE reference_id = $1 FOR UPDATE', [blocked]);
    for (const padding of ['', 'x'.repeat(MEGABYTE)])
      await postWebhook(service, { type: 'daily', user: link.user, padding });
    const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    while ((await service.query(waiting)).length < 2) await sleep(10);
    await postWebhook(service, authOf(other));
    await isLinked(other);
    // Both still wait: for the lock, or for the attempt after a lock timeout.
    expect(await pending()).toBe(2);
    await client.end();
    while ((await pending()) > 0) await sleep(10);
  });
});

describe('While another process processes the lane', () => {
  let other: Client;
  /** Starts a transaction of another process that has the turn of the lane, and has locked no event. */
  const takeTurn = async (lane: number): Promise<void> => {
    other = new Client({ connectionString: service.databaseUrl });
    await other.connect();
    await other.query('BEGIN');
    await other.query(
      `SELECT pg_advisory_xact_lock(hashtextextended('terra-connect:inbox-lane:' || $1, 0))`,
      [lane],
    );
  };
  const start = async (workers: boolean): Promise<void> => {
    service = await startTestApp({ WORKERS_ENABLED: String(workers) });
  };
  afterEach(async () => {
    await other.end();
    await service.close();
  });

  it('a process takes none of its events, so that the batches do not become smaller with each process', async () => {
    await start(false);
    await takeTurn(LANES.links);
    const referenceId = newReference();
    await postWebhook(service, authOf(referenceId));
    expect(await inboxOf(service).processLane(LANES.links, 200)).toBe(false);
    expect(await pending()).toBe(1);
    // The turns of two lanes do not depend on each other.
    await storePile(service, randomUUID(), 10);
    await inboxOf(service).processLane(LANES.data, 200);
    expect(await pending()).toBe(1);
    await other.query('COMMIT');
    await inboxOf(service).processLane(LANES.links, 200);
    expect(await pending()).toBe(0);
  });

  it('a process takes a full batch if two of them wait, so that a second process helps with a backlog', async () => {
    await start(false);
    await takeTurn(LANES.data);
    await storePile(service, randomUUID(), 399);
    expect(await inboxOf(service).processLane(LANES.data, 200)).toBe(false);
    expect(await pending()).toBe(399);
    await storePile(service, randomUUID(), 1);
    expect(await inboxOf(service).processLane(LANES.data, 200)).toBe(true);
    expect(await pending()).toBe(200);
  });

  it('and hangs, a process takes its events after a second, by itself', async () => {
    await start(true);
    await takeTurn(LANES.links);
    const referenceId = newReference();
    await postWebhook(service, authOf(referenceId));
    await isLinked(referenceId);
  });
});

describe('R12: the pile of one end user', () => {
  beforeAll(async () => (service = await startTestApp()));
  afterAll(() => service.close());

  it('of 300 events delays the event of another by two batches at most', async () => {
    const [heavy, bystander] = [newReference(), newReference()];
    const link = authOf(heavy);
    const scopes = (index: number) => ({
      type: 'permission_change',
      user: { ...link.user, scopes: `DAILY,S${index}` },
      scopes_added: `S${index}`,
      scopes_removed: '',
    });
    await storeDeliveries(service, [
      { body: link },
      ...Array.from({ length: 299 }, (_, index) => ({ body: scopes(index) })),
      { body: authOf(bystander) },
    ]);
    const started = performance.now();
    await inboxOf(service).processLane(LANES.links, 200);
    await inboxOf(service).processLane(LANES.links, 200);
    expect(await connectionsOf(service, bystander)).toHaveLength(1);
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});
