import { randomUUID } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { startTestApp, type TestApp } from './support/app';
import { migrateDatabase, undoMigrationsAfter } from './support/migrations';
import { nowInSeconds, postWebhook } from './support/webhooks';

const BEFORE = 'RenameToDomainWords1795600000000';

describe('The migration to receipts of deliveries', () => {
  let service: TestApp;
  beforeEach(async () => (service = await startTestApp()));
  afterEach(() => service.close());

  const events = async (): Promise<number> => {
    const sql = 'SELECT count(*)::int AS count FROM terra_connect.webhook_events';
    return (await service.query<{ count: number }>(sql))[0]?.count ?? -1;
  };
  const now = nowInSeconds();
  const body = JSON.stringify({ type: 'healthcheck', text: 'spår' });
  const traceId = randomUUID();
  /** A row as the earlier version stores it. */
  const storeAsBefore = (id: string, text: string, trace: string | null, occurredAt: string | null) =>
    service.query(
      `INSERT INTO terra_connect.webhook_events
          (id, dedupe_key, signature_digest, trace_id, signed_at, occurred_at, received_at, body, status, next_attempt_at)
        VALUES ($1, $2, $3, $4, to_timestamp($5), $6, now(), $7, 'done', now())`,
      [id, trace ?? `body:${id}`, Buffer.from(id), trace, now - 5, occurredAt, Buffer.from(text)],
    );

  it('keeps recognising the deliveries of the earlier version, by trace id and by what was signed', async () => {
    await undoMigrationsAfter(service.databaseUrl, BEFORE);
    await storeAsBefore(uuidv7(), body, traceId, null);
    await storeAsBefore(uuidv7(), `${body} `, null, null);
    await migrateDatabase(service.databaseUrl);
    await postWebhook(service, body, { traceId, timestamp: now - 4 });
    await postWebhook(service, body, { traceId: randomUUID(), timestamp: now - 5 });
    await postWebhook(service, `${body} `, { traceId: null, timestamp: now - 5 });
    expect(await events()).toBe(2);
    await postWebhook(service, `${body} `, { traceId: null, timestamp: now - 4 });
    expect(await events()).toBe(3);
  });

  it('can be rolled back with two bodies under one trace id, and run again', async () => {
    for (const text of [body, `${body} `]) await postWebhook(service, text, { traceId });
    await undoMigrationsAfter(service.databaseUrl, BEFORE);
    const keys = await service.query<{ key: string }>(
      `SELECT dedupe_key AS key FROM terra_connect.webhook_events ORDER BY id`,
    );
    expect(keys.map(({ key }) => key)).toEqual([`trace:${traceId}`, expect.stringMatching(/^event:/)]);
    await migrateDatabase(service.databaseUrl);
    await postWebhook(service, body, { traceId, timestamp: now - 4 });
    expect(await events()).toBe(2);
  });

  it('can be rolled back if the clock of the process that stored the second body was behind', async () => {
    for (const text of [body, `${body} `]) await postWebhook(service, text, { traceId });
    await service.query(
      `UPDATE terra_connect.webhook_events SET dedupe_key = 'trace:' || trace_id, signature_digest = 'x',
          received_at = received_at + interval '1 hour' WHERE NOT trace_id_reused`,
    );
    await undoMigrationsAfter(service.databaseUrl, BEFORE);
    const keys = await service.query<{ key: string }>(
      `SELECT dedupe_key AS key FROM terra_connect.webhook_events ORDER BY received_at DESC`,
    );
    expect(keys.map(({ key }) => key)).toEqual([`trace:${traceId}`, expect.stringMatching(/^event:/)]);
  });

  it('copies no digest of a health data event that has lost its body', async () => {
    await undoMigrationsAfter(service.databaseUrl, BEFORE);
    await storeAsBefore(uuidv7(), body, traceId, null);
    await service.query(`UPDATE terra_connect.webhook_events SET type = 'daily'`);
    await storeAsBefore(uuidv7(), `${body} `, null, null);
    await migrateDatabase(service.databaseUrl);
    expect(await service.query(`SELECT digest FROM terra_connect.webhook_receipts`)).toHaveLength(1);
  });

  it('R15: holds no lock that a delivery waits for while it copies', async () => {
    await undoMigrationsAfter(service.databaseUrl, BEFORE);
    await service.query(
      `INSERT INTO terra_connect.webhook_events
          (id, dedupe_key, signature_digest, trace_id, signed_at, received_at, body, status, next_attempt_at)
        SELECT gen_random_uuid(), 'trace:' || n, decode(md5(n::text), 'hex'), n, now(), now() - interval '1 hour',
            convert_to(repeat(md5(n::text), 12), 'UTF8'), 'done', now() FROM generate_series(1, 50000) AS n`,
    );
    let [longest, stored, storedBefore] = [0, 0, 0];
    let isMigrating = true;
    const hasReceipts = `SELECT to_regclass('terra_connect.webhook_receipts') IS NOT NULL AS found`;
    const migration = migrateDatabase(service.databaseUrl).finally(() => (isMigrating = false));
    for (; isMigrating; stored += 1) {
      const startedAt = performance.now();
      await storeAsBefore(uuidv7(), `${stored}`, `live-${stored}`, null);
      longest = Math.max(longest, performance.now() - startedAt);
      const [row] = await service.query<{ found: boolean }>(hasReceipts);
      if (!row?.found) storedBefore = stored;
    }
    await migration;
    expect(longest).toBeLessThan(1_000);
    expect(storedBefore).toBeGreaterThan(10);
    // What was stored during the copy is recognised, too. The earlier version can store nothing after it: its keys are gone.
    const before = await events();
    for (let n = storedBefore - 10; n < storedBefore; n += 1)
      await postWebhook(service, `${n}`, { traceId: `live-${n}`, timestamp: now - 4 });
    expect(await events()).toBe(before);
  });

  it('removes stored times that are not plausible, and no others', async () => {
    await undoMigrationsAfter(service.databaseUrl, BEFORE);
    const times = ['5138-11-16T09:46:39Z', '2001-09-09T01:46:40Z', new Date(now * 1_000).toISOString(), null];
    for (const [n, occurredAt] of times.entries())
      await storeAsBefore(`01980c0e-0000-7000-8000-00000000000${n}`, `${n}`, `trace-${n}`, occurredAt);
    await migrateDatabase(service.databaseUrl);
    const rows = await service.query<{ occurredAt: Date | null }>(
      `SELECT occurred_at AS "occurredAt" FROM terra_connect.webhook_events ORDER BY id`,
    );
    expect(rows.map(({ occurredAt }) => occurredAt)).toEqual([null, null, new Date(now * 1_000), null]);
  });
});
