import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { RetentionWorker } from '../src/privacy';
import { WebhookPartitionsWorker } from '../src/webhooks';
import { startTestApp, type TestApp } from './support/app';
import { shiftClock } from './support/flow';
import { migrateDatabase, undoMigrationsAfter } from './support/migrations';
import { postWebhook } from './support/webhooks';

const DAY_MS = 86_400_000;
const BEFORE = 'AddScopeDigests1795700600020';

/** An id of the service (UUID version 7) of this time. */
const idAt = (ms: number): string => {
  const time = ms.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
};
const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10).replaceAll('-', '');

describe('The daily partitions of the inbox', () => {
  let service: TestApp;
  beforeEach(async () => (service = await startTestApp()));
  afterEach(async () => {
    jest.restoreAllMocks();
    await service.close();
  });

  const store = (ms: number, status: string, table = 'webhook_events'): Promise<unknown> =>
    service.query(
      `INSERT INTO terra_connect.${table} (id, signed_at, received_at, body, status, next_attempt_at)
        VALUES ($1, $2, $2, 'x', $3, now())`,
      [idAt(ms), new Date(ms), status],
    );
  const placesOf = async (): Promise<string[]> =>
    (
      await service.query<{ place: string }>(
        `SELECT tableoid::regclass || ' ' || status AS place FROM terra_connect.webhook_events ORDER BY 1`,
      )
    ).map(({ place }) => place.replace('terra_connect.webhook_events_', ''));
  const partitions = async (): Promise<string[]> =>
    (
      await service.query<{ name: string }>(
        `SELECT name FROM terra_connect.webhook_partitions() ORDER BY name`,
      )
    ).map(({ name }) => name.replace('webhook_events_', ''));
  const afterDays = async (days: number, work: () => Promise<unknown>): Promise<void> => {
    shiftClock(service, (days * DAY_MS) / 1_000);
    await work();
    jest.restoreAllMocks();
  };
  const createAhead = (): Promise<unknown> =>
    service.app.get(WebhookPartitionsWorker, { strict: false }).runOnce();
  const clean = (): Promise<unknown> => service.app.get(RetentionWorker, { strict: false }).runOnce();

  it('are created by the service a week ahead, each once, however many processes do it', async () => {
    await afterDays(20, () => Promise.all([createAhead(), createAhead()]));
    await afterDays(20, createAhead);
    const expected = Array.from({ length: 28 }, (_, n) => dayOf(Date.now() + n * DAY_MS));
    expect(await partitions()).toEqual([...expected, 'first', 'other']);
    const { body } = await service.api<string>('GET', '/metrics');
    const [, ahead] = /webhook_partitions_ahead_seconds (\d+)/.exec(body) ?? [];
    expect(Number(ahead)).toBeGreaterThan(26 * 86_400);
  });

  it('hold the events of their day, and a missing one takes its events over when it is created', async () => {
    const [today, late] = [Date.now(), Date.now() + 30 * DAY_MS];
    for (const ms of [today, late]) await store(ms, 'done');
    expect(await placesOf()).toEqual([`${dayOf(today)} done`, 'other done']);
    await afterDays(30, createAhead);
    expect(await placesOf()).toEqual([`${dayOf(today)} done`, `${dayOf(late)} done`]);
  });

  it('are dropped when they are old, without a DELETE, and keep what an operator may need', async () => {
    const [old, young] = [Date.now() + DAY_MS, Date.now() + 3 * DAY_MS];
    for (const status of ['done', 'ignored', 'parked', 'dead_lettered', 'pending']) await store(old, status);
    await store(young, 'done');
    await service.query(
      `CREATE FUNCTION terra_connect.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
          BEGIN RAISE EXCEPTION 'deleted'; END $$;
        CREATE TRIGGER refuse BEFORE DELETE ON terra_connect.webhook_events FOR EACH ROW
          EXECUTE FUNCTION terra_connect.refuse()`,
    );
    await afterDays(31, clean);
    expect(await placesOf()).toHaveLength(6);
    await afterDays(32, clean);
    expect(await placesOf()).toEqual([
      `${dayOf(young)} done`,
      'other dead_lettered',
      'other parked',
      'other pending',
    ]);
    expect(await partitions()).not.toContain(dayOf(old));
    await service.query('DROP FUNCTION terra_connect.refuse CASCADE');
    await afterDays(92, clean);
    expect(await placesOf()).toEqual(['other pending']);
  });

  it('are not dropped while a statement uses the table, and nobody waits a second for that', async () => {
    await store(Date.now() + DAY_MS, 'done');
    const reader = new Client({ connectionString: service.databaseUrl });
    await reader.connect();
    await reader.query('BEGIN; LOCK TABLE terra_connect.webhook_events IN ACCESS SHARE MODE');
    const cleaning = afterDays(40, clean);
    const startedAt = performance.now();
    for (let n = 0; n < 5; n += 1) {
      await store(Date.now(), 'done');
      await sleep(50);
    }
    expect(performance.now() - startedAt).toBeLessThan(1_500);
    await cleaning;
    expect(await placesOf()).toHaveLength(6);
    await reader.end();
    await afterDays(40, clean);
    expect(await placesOf()).toHaveLength(0);
  });

  it('can be created and removed only by a role that may delete events', async () => {
    const role = `reader_${randomUUID().slice(0, 8)}`;
    await service.query(
      `CREATE ROLE ${role}; GRANT USAGE ON SCHEMA terra_connect TO ${role};
        GRANT SELECT ON terra_connect.webhook_events TO ${role}`,
    );
    for (const call of [`create_webhook_partitions('2099-01-01')`, `prune_webhook_events(now(), now(), 1)`])
      await expect(
        service.query(`SET SESSION AUTHORIZATION ${role}; SELECT terra_connect.${call}`),
      ).rejects.toMatchObject({ code: '42501' });
    await service.query(`RESET SESSION AUTHORIZATION; DROP OWNED BY ${role}; DROP ROLE ${role}`);
  });

  it('R15: take over the rows of a live table and give them back, and no delivery waits a second', async () => {
    await undoMigrationsAfter(service.databaseUrl, BEFORE);
    await service.query(
      `INSERT INTO terra_connect.webhook_events (id, signed_at, received_at, body, status, next_attempt_at)
        SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(md5(n::text), 1, 3) || '8'
            || substr(md5(n::text), 1, 15))::uuid, at, at, convert_to(repeat(md5(n::text), 12), 'UTF8'), 'done', at
          FROM generate_series(1, $1::int) AS n, LATERAL (SELECT now() - n * interval '1 second' AS at) AS times`,
      [Number(process.env.MIGRATED_EVENTS ?? 30_000)],
    );
    const rows = async (): Promise<unknown> =>
      service.query(`SELECT count(*)::int AS count, md5(string_agg(id::text || status || md5(body), '' ORDER BY id))
        FROM terra_connect.webhook_events`);
    const whileInUse = async (work: () => Promise<unknown>): Promise<number> => {
      let [longest, isRunning] = [0, true];
      const running = work().finally(() => (isRunning = false));
      while (isRunning) {
        const startedAt = performance.now();
        await store(Date.now(), 'done');
        await service.query(`UPDATE terra_connect.webhook_events SET note = 'seen'
          WHERE id = (SELECT id FROM terra_connect.webhook_events ORDER BY id DESC LIMIT 1)`);
        longest = Math.max(longest, performance.now() - startedAt);
      }
      await running;
      return longest;
    };
    const up = await whileInUse(() => migrateDatabase(service.databaseUrl));
    expect(new Set((await placesOf()).map((place) => place.split(' ')[0]))).toEqual(new Set(['first']));
    const before = await rows();
    const down = await whileInUse(() => undoMigrationsAfter(service.databaseUrl, BEFORE));
    if (process.env.MIGRATED_EVENTS) process.stdout.write(`${JSON.stringify({ up, down })}\n`);
    expect(Math.max(up, down)).toBeLessThan(1_000);
    expect(await service.query(`SELECT relkind FROM pg_class WHERE relname = 'webhook_events'`)).toEqual([
      { relkind: 'r' },
    ]);
    const [{ count }] = (await rows()) as [{ count: number }];
    expect(count).toBeGreaterThanOrEqual((before as [{ count: number }])[0].count);
    await migrateDatabase(service.databaseUrl);
    expect((await postWebhook(service, { type: 'healthcheck' })).status).toBe(200);
  });
});
