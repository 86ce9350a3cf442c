import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { startTestApp, type TestApp } from './support/app';
import { whileLocked } from './support/database';
import { nowInSeconds, postWebhook } from './support/webhooks';

interface StoredRow {
  traceId: string;
  reused: boolean;
  transaction: string;
}

describe('Deliveries that arrive while a commit is under way', () => {
  let service: TestApp;
  beforeAll(async () => (service = await startTestApp()));
  afterEach(async () => {
    await service.query(
      'DROP FUNCTION IF EXISTS terra_connect.interfere CASCADE; TRUNCATE terra_connect.webhook_events, terra_connect.webhook_receipts',
    );
  });
  afterAll(() => service.close());

  const rows = (): Promise<StoredRow[]> =>
    service.query<StoredRow>(
      `SELECT trace_id AS "traceId", trace_id_reused AS reused, xmin::text AS transaction
        FROM terra_connect.webhook_events ORDER BY id`,
    );
  const newBody = (): string => JSON.stringify({ type: 'healthcheck', message: randomUUID() });
  type Delivery = [body: string, traceId: string | null, timestamp?: number];
  const post = async ([body, traceId, timestamp]: Delivery): Promise<number> =>
    (await postWebhook(service, body, { traceId, timestamp: timestamp ?? nowInSeconds() })).status;
  /** Lets the deliveries arrive one after the other, while the commit of another one waits. @returns their statuses */
  const postAsGroup = async (deliveries: Delivery[]): Promise<number[]> => {
    const answers: Promise<number>[] = [];
    await whileLocked(service.databaseUrl, 'webhook_receipts', async () => {
      answers.push(post([newBody(), 'first']));
      for (const delivery of deliveries) {
        await sleep(20);
        answers.push(post(delivery));
      }
      await sleep(200);
    });
    const [first, ...others] = await Promise.all(answers);
    expect(first).toBe(200);
    return others;
  };
  /** Runs a statement before each row of an event whose trace id is `traceId`. */
  const interfere = (statement: string, traceId: string): Promise<unknown> =>
    service.query(
      `CREATE FUNCTION terra_connect.interfere() RETURNS trigger LANGUAGE plpgsql AS $$
          BEGIN ${statement}; RETURN NEW; END $$;
        CREATE TRIGGER interfere BEFORE INSERT ON terra_connect.webhook_events FOR EACH ROW
          WHEN (NEW.trace_id = '${traceId}') EXECUTE FUNCTION terra_connect.interfere()`,
    );

  it('share the next commit, and a lone one waits for none of them', async () => {
    const statuses = await postAsGroup(
      Array.from({ length: 60 }, (_, n): Delivery => [newBody(), `trace-${n}`]),
    );
    expect(new Set(statuses)).toEqual(new Set([200]));
    const stored = await rows();
    expect(stored).toHaveLength(61);
    expect(new Set(stored.map(({ transaction }) => transaction)).size).toBe(2);
  });

  it('are deduplicated within their group as if they had come alone', async () => {
    const [body, other, third, now] = [newBody(), newBody(), newBody(), nowInSeconds()];
    const statuses = await postAsGroup([
      [body, 'retried', now],
      [body, 'retried', now - 1],
      [body, 'retried', now],
      [body, 'same-signed-bytes', now],
      [body, 'another-trace', now - 2],
      [other, 'retried', now],
      [other, null, now],
      [other, null, now - 1],
      [third, null, now],
      [third, null, now],
    ]);
    expect(statuses).toEqual(Array(10).fill(200));
    const stored = (await rows()).map(({ traceId, reused }) => [traceId, reused]);
    expect(stored).toEqual([
      ['first', false],
      ['retried', false],
      ['another-trace', false],
      ['retried', true],
      [null, false],
      [null, false],
    ]);
  });

  it('are stored although one of their group cannot be, which alone gets an error', async () => {
    await interfere(`RAISE EXCEPTION 'this row is broken'`, 'poison');
    const statuses = await postAsGroup(
      Array.from({ length: 9 }, (_, n): Delivery => [newBody(), n === 4 ? 'poison' : `trace-${n}`]),
    );
    expect(statuses).toEqual([200, 200, 200, 200, 500, 200, 200, 200, 200]);
    expect((await rows()).map(({ traceId }) => traceId)).not.toContain('poison');
    expect(await rows()).toHaveLength(9);
  });

  it('do not wait for a large body', async () => {
    await interfere('PERFORM pg_sleep(1)', 'large');
    let isLargeStored = false;
    const large = JSON.stringify({ type: 'daily', data: 'x'.repeat(300_000) });
    const storing = post([large, 'large']).finally(() => (isLargeStored = true));
    await sleep(200);
    expect(await post([newBody(), 'small'])).toBe(200);
    expect(isLargeStored).toBe(false);
    expect(await storing).toBe(200);
    expect(await rows()).toHaveLength(2);
  });

  it('R7: get 503 with Retry-After within 2 s while the database is too slow, and 200 afterwards', async () => {
    const first = newBody();
    await whileLocked(service.databaseUrl, 'webhook_receipts', async () => {
      const startedAt = performance.now();
      const answers = await Promise.all(
        [first, ...Array.from({ length: 30 }, newBody)].map((body, n) =>
          postWebhook(service, body, { traceId: `slow-${n}` }),
        ),
      );
      expect(performance.now() - startedAt).toBeLessThan(2_500);
      for (const { status, headers, json } of answers) {
        expect(status).toBe(503);
        expect(Number(headers['retry-after'])).toBeGreaterThan(0);
        expect(json).toMatchObject({ code: 'database.unavailable' });
      }
      expect(await rows()).toEqual([]);
    });
    expect(await post([first, 'slow-0'])).toBe(200);
    expect((await rows()).filter(({ traceId }) => traceId === 'slow-0')).toHaveLength(1);
  });
});
