import { randomUUID } from 'node:crypto';
import { loggedLines, startTestApp, type TestApp } from './support/app';
import { connectionsOf, newReference, shiftClock } from './support/flow';
import { RetentionWorker } from '../src/privacy';
import {
  nowInSeconds,
  postWebhook,
  signatureHeader,
  signatureHex,
  type WebhookOptions,
} from './support/webhooks';

const DAY = 86_400;
const NEW_SECRET = 'ne35ec2e7ne35ec2e7ne35ec2e7';
const OLD_SECRET = '0ld5ec2e70ld5ec2e70ld5ec2e7';

describe('A delivery is recognised by what was signed', () => {
  let service: TestApp;
  beforeAll(
    async () => (service = await startTestApp({ TERRA_SIGNING_SECRETS: `${OLD_SECRET},${NEW_SECRET}` })),
  );
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => service.close());

  const count = async (table: string, where = 'true'): Promise<number> => {
    const sql = `SELECT count(*)::int AS count FROM terra_connect.${table} WHERE ${where}`;
    return (await service.query<{ count: number }>(sql))[0]?.count ?? -1;
  };
  const newBody = (): string => JSON.stringify({ type: 'healthcheck', message: randomUUID() });
  const post = async (body: string, options: WebhookOptions): Promise<void> => {
    expect((await postWebhook(service, body, { secret: NEW_SECRET, ...options })).status).toBe(200);
  };
  const outcomeOf = async (body: string, options: WebhookOptions): Promise<string> => {
    const rows = await count('webhook_events');
    const reused = await count('webhook_events', 'trace_id_reused');
    await post(body, options);
    const added = (await count('webhook_events')) - rows;
    const marked = (await count('webhook_events', 'trace_id_reused')) - reused;
    return added === 0 ? 'duplicate' : marked === 0 ? 'stored' : 'trace_id_reused';
  };

  // `receipt-keys.spec.ts` has the whole table and its reasons.
  describe.each([
    ['same', 'same', 'same', 'duplicate'],
    ['same', 'same', 'different', 'duplicate'],
    ['same', 'different', 'same', 'trace_id_reused'],
    ['same', 'different', 'different', 'trace_id_reused'],
    ['different', 'same', 'same', 'duplicate'],
    ['different', 'same', 'different', 'stored'],
    ['different', 'different', 'same', 'stored'],
    ['absent', 'same', 'same', 'duplicate'],
    ['absent', 'same', 'different', 'stored'],
    ['absent', 'different', 'same', 'stored'],
  ])('after a delivery, one with trace id %s, body %s, time %s', (trace, body, time, outcome) => {
    it.each([
      ['', true],
      [', of which the first has no trace id', false],
    ])(`is ${outcome}%s`, async (_, firstHasTrace) => {
      if (trace === 'same' && !firstHasTrace) return;
      const [traceId, first, timestamp] = [randomUUID(), newBody(), nowInSeconds()];
      await post(first, { traceId: firstHasTrace ? traceId : null, timestamp });
      const second = {
        traceId: { same: traceId, different: randomUUID(), absent: null }[trace],
        timestamp: time === 'same' ? timestamp : timestamp + 1,
      };
      expect(await outcomeOf(body === 'same' ? first : newBody(), second)).toBe(outcome);
    });
  });

  it('keeps both bodies under one trace id, counts and logs the second, and shows it', async () => {
    const traceId = randomUUID();
    const bodies = [newBody(), newBody()];
    for (const body of bodies) await post(body, { traceId });
    await service.drainWebhooks();
    const { body } = await service.api<{
      items: { traceId: string; traceIdReused: boolean; status: string }[];
    }>('GET', '/v1/webhook-events?limit=2');
    expect(body.items).toMatchObject([
      { traceId, traceIdReused: true, status: 'done' },
      { traceId, traceIdReused: false, status: 'done' },
    ]);
    expect(loggedLines(service, 'webhook.trace_id_reused')).toContainEqual(
      expect.objectContaining({ level: 'warn', traceId }),
    );
    const metrics = await service.api<string>('GET', '/metrics');
    expect(metrics.body).toMatch(/webhook_deliveries_total\{outcome="trace_id_reused"\} [1-9]/);
  });

  it('applies a second connection_error without a trace id that has the same bytes', async () => {
    const referenceId = newReference();
    const user = { user_id: randomUUID(), provider: 'GARMIN', reference_id: referenceId, scopes: 'A' };
    const error = JSON.stringify({ type: 'connection_error', status: 'warning', user });
    const now = nowInSeconds();
    await post(JSON.stringify({ type: 'auth', status: 'success', user }), { timestamp: now - 40 });
    await post(error, { traceId: null, timestamp: now - 30 });
    await post(JSON.stringify({ type: 'auth', status: 'success', user, again: 1 }), { timestamp: now - 20 });
    await service.drainWebhooks();
    expect(await connectionsOf(service, referenceId)).toMatchObject([{ status: 'active' }]);
    await post(error, { traceId: null, timestamp: now - 10 });
    await service.drainWebhooks();
    expect(await connectionsOf(service, referenceId)).toMatchObject([{ status: 'needs_reauth' }]);
  });

  it('T-07: one of two signatures, left out of a captured header, makes no new delivery', async () => {
    const [body, t] = [newBody(), nowInSeconds()];
    const [old, current] = [OLD_SECRET, NEW_SECRET].map((secret) => `v1=${signatureHex(body, t, secret)}`);
    await post(body, { signature: `t=${t},${old},${current}` });
    for (const signatures of [old, current, `${current},${old}`])
      expect(await outcomeOf(body, { signature: `t=${t},${signatures}` })).toBe('duplicate');
  });

  it('T-07: repetitions under new trace ids leave no row behind', async () => {
    const body = newBody();
    const signature = signatureHeader(body, nowInSeconds(), NEW_SECRET);
    await post(body, { signature });
    const before = await count('webhook_receipts');
    for (let copy = 0; copy < 5; copy += 1) await post(body, { signature });
    expect(await count('webhook_receipts')).toBe(before);
  });

  it('T-14: of 20 retries at the same time, each signed anew, it stores one', async () => {
    const [body, traceId, now] = [newBody(), randomUUID(), nowInSeconds()];
    const before = await count('webhook_events');
    await Promise.all(Array.from({ length: 20 }, (_, n) => post(body, { traceId, timestamp: now - n })));
    expect(await count('webhook_events')).toBe(before + 1);
  });

  it('is still recognised when its row is gone, until its receipts are as old as stored events may get', async () => {
    const [body, traceId, now] = [newBody(), randomUUID(), nowInSeconds()];
    await post(body, { traceId, timestamp: now - 2 });
    await service.query('DELETE FROM terra_connect.webhook_events');
    const cleanAfter = async (days: number): Promise<void> => {
      shiftClock(service, days * DAY);
      await service.app.get(RetentionWorker, { strict: false }).runOnce();
      jest.restoreAllMocks();
    };
    await cleanAfter(29);
    expect(await outcomeOf(body, { traceId, timestamp: now - 1 })).toBe('duplicate');
    await cleanAfter(31);
    expect(await count('webhook_receipts')).toBe(0);
    expect(await outcomeOf(body, { traceId, timestamp: now })).toBe('stored');
  });
});
