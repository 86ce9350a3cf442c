import { randomUUID } from 'node:crypto';
import { ConnectionLifecycleService } from '../src/connections';
import { WEBHOOK_RETRY } from '../src/webhooks/webhook-inbox.worker';
import { WebhookInboxWorker } from '../src/webhooks';
import { startTestApp, type TestApp } from './support/app';
import { connectionsOf, newReference, stopClock } from './support/flow';
import { postWebhook } from './support/webhooks';

describe('R12: an event that cannot be processed', () => {
  let service: TestApp;
  let worker: WebhookInboxWorker;
  beforeAll(async () => {
    service = await startTestApp();
    worker = service.app.get(WebhookInboxWorker, { strict: false });
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => service.close());

  const authOf = (referenceId: string) => ({
    type: 'auth',
    status: 'success',
    user: { user_id: randomUUID(), provider: 'GARMIN', reference_id: referenceId },
  });
  /** From now on, every event of this reference fails, and no other event. `times` returns the number of failures. */
  const failFor = (referenceId: string): { times: () => number } => {
    const lifecycle = service.app.get(ConnectionLifecycleService, { strict: false });
    const record = lifecycle.record.bind(lifecycle);
    let times = 0;
    jest.spyOn(lifecycle, 'record').mockImplementation(async (manager, facts, known) => {
      const users = await record(manager, facts, known);
      if (!facts.some((fact) => fact.referenceId === referenceId)) return users;
      times += 1;
      throw new Error(`the handler failed ${times}`);
    });
    return { times: () => times };
  };
  const stored = async (traceId: string) => {
    const [row] = await service.query<{
      status: string;
      attempts: number;
      note: string | null;
      next_attempt_at: Date;
    }>(
      `SELECT status, attempts, note, next_attempt_at FROM terra_connect.webhook_events WHERE trace_id = $1`,
      [traceId],
    );
    if (!row) throw new Error('The event was not stored.');
    return row;
  };
  const start = new Date();
  const clockAt = (seconds: number): void => stopClock(service, new Date(start.getTime() + seconds * 1_000));
  beforeEach(() => clockAt(0));
  const drain = async (): Promise<void> => {
    while (await worker.runOnce());
  };

  it('is retried with growing pauses, and becomes a dead letter that keeps its error', async () => {
    const referenceId = newReference();
    const traceId = randomUUID();
    const failures = failFor(referenceId);
    await postWebhook(service, authOf(referenceId), { traceId });

    const pauses: number[] = [];
    let clock = 0;
    for (let attempt = 1; attempt < WEBHOOK_RETRY.attempts; attempt += 1) {
      await drain();
      const event = await stored(traceId);
      expect(event).toMatchObject({ status: 'pending', attempts: attempt });
      expect(failures.times()).toBe(attempt);
      const due = (event.next_attempt_at.getTime() - start.getTime()) / 1_000;
      pauses.push(due - clock);
      clockAt(due - 0.01);
      await drain();
      expect(failures.times()).toBe(attempt);
      clock = due;
      clockAt(clock);
    }
    await drain();
    expect(await stored(traceId)).toMatchObject({
      status: 'dead_lettered',
      attempts: WEBHOOK_RETRY.attempts,
      note: `the handler failed ${WEBHOOK_RETRY.attempts}`,
    });
    expect(Math.max(...pauses)).toBeLessThanOrEqual(WEBHOOK_RETRY.maxMs / 1_000);
    expect(Math.max(...pauses.slice(6))).toBeGreaterThan(Math.max(...pauses.slice(0, 2)));
    clockAt(clock + 86_400);
    await drain();
    expect(failures.times()).toBe(WEBHOOK_RETRY.attempts);
  });

  it('leaves no partial change: the writes of the handler are rolled back', async () => {
    const referenceId = newReference();
    failFor(referenceId);
    await postWebhook(service, authOf(referenceId));
    await drain();
    expect(await connectionsOf(service, referenceId)).toEqual([]);
    jest.restoreAllMocks();
    clockAt(3_600);
    await drain();
    expect(await connectionsOf(service, referenceId)).toHaveLength(1);
  });

  it('does not block other events, before or after it', async () => {
    const poison = newReference();
    const traceId = randomUUID();
    failFor(poison);
    const others = Array.from({ length: 20 }, newReference);
    for (const [index, referenceId] of others.entries()) {
      if (index === 3) await postWebhook(service, authOf(poison), { traceId });
      await postWebhook(service, authOf(referenceId));
    }
    await drain();
    for (const referenceId of others) {
      expect(await connectionsOf(service, referenceId)).toHaveLength(1);
    }
    expect(await stored(traceId)).toMatchObject({ status: 'pending', attempts: 1 });
  });

  it('does not block other events if Postgres rejects it', async () => {
    const [poison, healthy] = [randomUUID(), newReference()];
    await service.query(
      `ALTER TABLE terra_connect.connection_facts ADD CONSTRAINT no_poison CHECK (provider <> 'POISON')`,
    );
    const user = { ...authOf(newReference()).user, provider: 'POISON' };
    await postWebhook(service, { type: 'auth', status: 'success', user }, { traceId: poison });
    await postWebhook(service, authOf(healthy));
    await drain();
    await service.query(`ALTER TABLE terra_connect.connection_facts DROP CONSTRAINT no_poison`);
    expect(await connectionsOf(service, healthy)).toHaveLength(1);
    const { status, note } = await stored(poison);
    expect(status).toBe('pending');
    expect(note).toContain('no_poison');
    expect(note).not.toContain(user.user_id);
  });

  it.each([
    ['NUL in its list of scopes', { scopes: ['SLEEP', 'A\0'] }],
    ['NUL in its text of scopes', { scopes: 'SLEEP,A\0' }],
    ['half of a surrogate pair in its list of scopes', { scopes: ['SLEEP', 'A\ud800'] }],
    ['a scope that is too long for any index', { scopes: ['SLEEP', 'x'.repeat(100_000)] }],
    ['NUL in a member that the service does not read', { nickname: 'a\0b', more: ['\0'] }],
  ])('is applied with what Postgres can store if it has %s', async (_case, extra) => {
    const event = authOf(newReference());
    const traceId = randomUUID();
    await postWebhook(service, { ...event, user: { scopes: 'SLEEP', ...event.user, ...extra } }, { traceId });
    await drain();
    expect(await stored(traceId)).toMatchObject({ status: 'done', attempts: 0 });
    expect(await connectionsOf(service, event.user.reference_id)).toMatchObject([{ scopes: ['SLEEP'] }]);
  });

  it('is applied with what Postgres can store if it changes scopes with NUL', async () => {
    const event = authOf(newReference());
    await postWebhook(service, { ...event, user: { ...event.user, scopes: 'SLEEP' } });
    const traceId = randomUUID();
    const change = { scopes_added: ['BODY', '\0'], scopes_removed: ['SLEEP', '\ud800'] };
    await postWebhook(service, { type: 'permission_change', user: event.user, ...change }, { traceId });
    await drain();
    expect(await stored(traceId)).toMatchObject({ status: 'done', attempts: 0 });
    expect(await connectionsOf(service, event.user.reference_id)).toMatchObject([{ scopes: ['BODY'] }]);
  });

  it.each([
    ['in its data', (deep: string) => `"data":${deep}`],
    ['in its user', (deep: string) => `"user":{"user_id":"u","provider":"OURA","deep":${deep}}`],
    [
      'in the scopes of its user',
      (deep: string) => `"user":{"user_id":"u","provider":"OURA","scopes":${deep}}`,
    ],
    ['in its old user', (deep: string) => `"old_user":${deep}`],
  ])('is processed and keeps no health data if it is nested 20,000 levels deep %s', async (_case, member) => {
    for (const type of ['daily', 'a_new_type']) {
      const traceId = randomUUID();
      const deep = `${'{"a":['.repeat(10_000)}"heart rate 71"${']}'.repeat(10_000)}`;
      await postWebhook(service, `{"type":"${type}","status":"success",${member(deep)}}`, { traceId });
      await drain();
      expect(['done', 'ignored']).toContain((await stored(traceId)).status);
      const [row] = await service.query<{ body: string; id: string }>(
        `SELECT id, convert_from(body, 'UTF8') AS body FROM terra_connect.webhook_events WHERE trace_id = $1`,
        [traceId],
      );
      expect(JSON.parse(row?.body ?? '')).toMatchObject({ type, status: 'success', data: 'not kept' });
      expect(row?.body).not.toContain('heart rate');
      expect((await service.api('GET', `/v1/webhook-events/${row?.id}`)).status).toBe(200);
    }
  });

  it('can be read as text while it is nested deeply', async () => {
    const traceId = randomUUID();
    const body = `{"type":"deauth","a":${'['.repeat(20_000)}${']'.repeat(20_000)}}`;
    await postWebhook(service, body, { traceId });
    const [row] = await service.query<{ id: string }>(
      `SELECT id FROM terra_connect.webhook_events WHERE trace_id = $1`,
      [traceId],
    );
    const answer = await service.api('GET', `/v1/webhook-events/${row?.id}`);
    expect(answer).toMatchObject({ status: 200, body: { body: null, bodyText: body } });
  });

  it('is ignored if its user id is too long for any index', async () => {
    const traceId = randomUUID();
    const user = { ...authOf(newReference()).user, user_id: 'x'.repeat(72_000) };
    await postWebhook(service, { type: 'auth', status: 'success', user }, { traceId });
    await drain();
    expect(await stored(traceId)).toMatchObject({ status: 'ignored', note: 'auth without a user' });
  });
});
