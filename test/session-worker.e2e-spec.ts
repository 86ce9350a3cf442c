import { randomUUID } from 'node:crypto';
import { RETURN_URL, startTestApp, type TestApp } from './support/app';
import {
  newReference,
  readSession,
  shiftClock,
  startSession,
  visit,
  type SessionAnswer,
} from './support/flow';
import { cancelInWidget } from './support/sandbox';
import { runSessionWorker, storedSession } from './support/session-worker';

const HOUR = 3_600;

describe('The session worker closes a session', () => {
  let service: TestApp;
  beforeAll(async () => (service = await startTestApp()));
  beforeEach(async () => {
    service.sandbox.reset();
    await service.query('DELETE FROM terra_connect.connect_sessions');
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => service.close());

  const lifetimeOf = ({ expiresAt }: SessionAnswer): number => (Date.parse(expiresAt) - Date.now()) / 1_000;
  const countOf = async (metric: string): Promise<number> => {
    const text = await (await fetch(`${service.url}/metrics`)).text();
    const line = text.split('\n').find((one) => one.startsWith(`${metric} `));
    return Number(line?.split(' ')[1] ?? 0);
  };

  it('that was never opened, at its expiry and not before, with the expiry as its end', async () => {
    const session = await startSession(service);
    shiftClock(service, lifetimeOf(session) - 5);
    await runSessionWorker(service);
    expect(await storedSession(service, session)).toMatchObject({ status: 'pending', endedAt: null });
    shiftClock(service, lifetimeOf(session) + 5);
    // A read compares expiresAt with the clock, so its answer does not depend on the worker.
    const read = await readSession(service, session.id);
    expect(read).toMatchObject({ status: 'expired', endedAt: session.expiresAt });
    await runSessionWorker(service);
    expect(await storedSession(service, session)).toMatchObject({
      status: 'expired',
      endedAt: new Date(session.expiresAt),
      failureReason: null,
    });
    expect(await readSession(service, session.id)).toEqual(read);
  });

  it('that was opened, an hour after its expiry, because the end user may still be at the provider', async () => {
    const session = await startSession(service, { returnUrl: RETURN_URL });
    await visit(session.connectUrl);
    shiftClock(service, lifetimeOf(session) + HOUR - 60);
    await runSessionWorker(service);
    expect(await storedSession(service, session)).toMatchObject({ status: 'opened' });
    expect((await readSession(service, session.id)).status).toBe('expired');
    shiftClock(service, lifetimeOf(session) + HOUR + 5);
    await runSessionWorker(service);
    expect(await storedSession(service, session)).toMatchObject({
      status: 'expired',
      endedAt: new Date(session.expiresAt),
    });
  });

  it('whose creation was abandoned, and frees its Idempotency-Key', async () => {
    const headers = { 'idempotency-key': randomUUID() };
    const body = { referenceId: newReference() };
    const first = await service.api<SessionAnswer>('POST', '/v1/connect-sessions', { body, headers });
    await service.query(
      `UPDATE terra_connect.connect_sessions SET widget_url = NULL, expires_at = created_at + interval '30 seconds'
        WHERE id = $1`,
      [first.body.id],
    );
    await runSessionWorker(service);
    expect(await storedSession(service, first.body)).toMatchObject({ status: 'pending' });
    shiftClock(service, 40);
    const read = await readSession(service, first.body.id);
    expect(read).toMatchObject({ status: 'failed', failureReason: 'abandoned' });
    await runSessionWorker(service);
    expect(await readSession(service, first.body.id)).toEqual(read);
    const again = await service.api<SessionAnswer>('POST', '/v1/connect-sessions', { body, headers });
    expect(again.status).toBe(201);
    expect(again.body.id).not.toBe(first.body.id);
  });

  it('only one time with several workers, and no session that has already ended', async () => {
    const ended = await startSession(service);
    await visit(await cancelInWidget(ended.widgetUrl, { provider: 'GARMIN' }));
    const { id } = await startSession(service);
    await service.query(
      `INSERT INTO terra_connect.connect_sessions SELECT (jsonb_populate_record(s, jsonb_build_object(
          'id', gen_random_uuid(), 'connect_token', n::text, 'return_nonce_hash', '\\x' || lpad(n::text, 8, '0')))).*
        FROM terra_connect.connect_sessions s, generate_series(1, 1199) n WHERE s.id = $1`,
      [id],
    );
    const expired = 'terra_connect_sessions_total{status="expired"}';
    const before = await countOf(expired);
    shiftClock(service, 48 * HOUR);
    await Promise.all([1, 2, 3, 4].map(() => runSessionWorker(service)));
    await runSessionWorker(service);
    expect((await countOf(expired)) - before).toBe(1_200);
    const left = `SELECT status, count(*)::int FROM terra_connect.connect_sessions GROUP BY 1 ORDER BY 1`;
    expect(await service.query(left)).toEqual([
      { status: 'cancelled', count: 1 },
      { status: 'expired', count: 1_200 },
    ]);
  });
});
