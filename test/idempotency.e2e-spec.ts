import { randomUUID } from 'node:crypto';
import { DataSource } from 'typeorm';
import { ApiKeysService } from '../src/api-keys';
import { RETURN_URL, startTestApp, type TestApp } from './support/app';
import { newReference, readSession, shiftClock, type SessionAnswer } from './support/flow';
import { invalidField, refusal, type ProblemBody } from './support/refusals';
import { connectThroughWidget } from './support/sandbox';

describe('An idempotency key', () => {
  let service: TestApp;
  beforeAll(async () => (service = await startTestApp()));
  beforeEach(() => service.sandbox.reset());
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => service.close());

  const request = () => ({
    referenceId: newReference(),
    providers: ['GARMIN'],
    metadata: { a: 1, b: { c: 2 } },
  });
  const create = (body: unknown, idempotencyKey: string, key?: string) =>
    service.api<SessionAnswer & ProblemBody>('POST', '/v1/connect-sessions', {
      body,
      headers: { 'idempotency-key': idempotencyKey },
      ...(key ? { key } : {}),
    });
  const sessionsAtTerra = (): number =>
    service.sandbox.requests.filter(({ path }) => path.endsWith('/widget/session')).length;
  const rowsOf = (referenceId: string) =>
    service.query('SELECT status FROM terra_connect.connect_sessions WHERE reference_id = $1', [referenceId]);

  it('returns the same session for the same request, and calls Terra only one time', async () => {
    const [body, key] = [request(), randomUUID()];
    const first = await create(body, key);
    const second = await create(body, key);
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.body).toEqual(first.body);
    expect(sessionsAtTerra()).toBe(1);
    expect(await rowsOf(body.referenceId)).toHaveLength(1);
  });

  it('returns the current state of the session, with its connections', async () => {
    const [body, key] = [request(), randomUUID()];
    const { body: session } = await create(body, key);
    await fetch(await connectThroughWidget(session.widgetUrl, { provider: 'GARMIN' }), {
      redirect: 'manual',
    });
    const again = await create(body, key);
    expect(again.body).toMatchObject({
      id: session.id,
      status: 'completed',
      connections: [{ provider: 'GARMIN' }],
    });
  });

  it('recognizes the request with its members in any order', async () => {
    const { referenceId, providers } = request();
    const key = randomUUID();
    const first = await create({ referenceId, providers, metadata: { a: 1, b: { c: 2, d: 3 } } }, key);
    const again = { metadata: { b: { d: 3, c: 2 }, a: 1 }, providers: ['garmin'], referenceId };
    expect((await create(again, key)).body.id).toBe(first.body.id);
  });

  it.each<[string, object]>([
    ['another end user', { referenceId: 'another-end-user' }],
    ['other providers', { providers: ['OURA'] }],
    ['other metadata', { metadata: { a: 1, b: { c: 3 } } }],
    ['a return URL', { returnUrl: RETURN_URL }],
    ['another kind of session', { multiAuth: true }],
  ])('is rejected when it is reused with %s', async (_case, change) => {
    const [body, key] = [request(), randomUUID()];
    const first = await create(body, key);
    const problem = await refusal(service, 'POST', '/v1/connect-sessions', {
      body: { ...body, ...change },
      headers: { 'idempotency-key': key },
    });
    expect(problem).toMatchObject({ status: 422, code: 'idempotency.key_reused' });
    expect((await create(body, key)).body.id).toBe(first.body.id);
  });

  it.each(['', ' ', 'a b', 'x'.repeat(256), 'schl\u00fcssel'])('is rejected when it is %j', async (key) => {
    const problem = await refusal(service, 'POST', '/v1/connect-sessions', {
      body: request(),
      headers: { 'idempotency-key': key },
    });
    expect(problem).toMatchObject(invalidField('Idempotency-Key'));
  });

  it('belongs to its caller: two callers may use the same key', async () => {
    const { key: other } = await service.app
      .get(ApiKeysService, { strict: false })
      .create('another caller', ['sessions:write']);
    const [body, key] = [request(), randomUUID()];
    const [mine, theirs] = [await create(body, key), await create(body, key, other)];
    expect(theirs.status).toBe(201);
    expect(theirs.body.id).not.toBe(mine.body.id);
  });

  it('returns 409 while the first request is in flight, and the session afterwards', async () => {
    const [body, key] = [request(), randomUUID()];
    Object.assign(service.sandbox.behaviour, { delayMs: 400, faultsOnlyOn: '/widget/session' });
    const inFlight = create(body, key);
    await untilInserted(body.referenceId);
    const second = await create(body, key);
    expect(second).toMatchObject({ status: 409, body: { code: 'idempotency.in_flight' } });
    expect(second.headers.get('retry-after')).toBe('1');
    const first = await inFlight;
    expect(first.status).toBe(201);
    expect((await create(body, key)).body.id).toBe(first.body.id);
    expect(sessionsAtTerra()).toBe(1);
  });

  it('creates one session at Terra for ten parallel requests', async () => {
    const [body, key] = [request(), randomUUID()];
    Object.assign(service.sandbox.behaviour, { delayMs: 200, faultsOnlyOn: '/widget/session' });
    const answers = await Promise.all(Array.from({ length: 10 }, () => create(body, key)));
    const made = answers.filter(({ status }) => status === 201);
    const waiting = answers.filter(({ status }) => status === 409);
    expect(made.length + waiting.length).toBe(10);
    // A late request may already get the finished session.
    expect(new Set(made.map(({ body: { id } }) => id)).size).toBe(1);
    expect(sessionsAtTerra()).toBe(1);
    expect(await rowsOf(body.referenceId)).toHaveLength(1);
  });

  it.each([
    ['a failure of Terra', 500, 503],
    ['a rejection by Terra', 400, 502],
  ])('can be used again after %s', async (_case, terraStatus, ourStatus) => {
    const [body, key] = [request(), randomUUID()];
    Object.assign(service.sandbox.behaviour, { failWith: [terraStatus], faultsOnlyOn: '/widget/session' });
    expect((await create(body, key)).status).toBe(ourStatus);
    const again = await create(body, key);
    expect(again.status).toBe(201);
    expect(await readSession(service, again.body.id)).toMatchObject({ status: 'pending' });
    const statuses = (await rowsOf(body.referenceId)).map(({ status }) => status);
    expect(statuses.sort()).toEqual(['failed', 'pending']);
  });

  it('can be used again when its process was killed before Terra answered', async () => {
    const [body, key] = [request(), randomUUID()];
    const first = await create(body, key);
    await service.query('UPDATE terra_connect.connect_sessions SET widget_url = NULL WHERE id = $1', [
      first.body.id,
    ]);
    expect((await create(body, key)).status).toBe(409);
    shiftClock(service, 31);
    const second = await create(body, key);
    expect(second.status).toBe(201);
    expect(second.body.id).not.toBe(first.body.id);
  });

  it('never returns a session that was not stored, even when the first request fails at that moment', async () => {
    const [body, key] = [request(), randomUUID()];
    Object.assign(service.sandbox.behaviour, {
      delayMs: 200,
      failWith: [500],
      faultsOnlyOn: '/widget/session',
    });
    const failing = create(body, key);
    await untilInserted(body.referenceId);
    // The second request has found the key in use and looks up its session. The first request fails before that look-up.
    const { manager } = service.app.get(DataSource);
    const findOneBy = manager.findOneBy.bind(manager);
    jest.spyOn(manager, 'findOneBy').mockImplementationOnce(async (entity, where) => {
      await failing;
      return findOneBy(entity, where);
    });
    const answer = await create(body, key);
    expect((await failing).status).toBe(503);
    expect([201, 409]).toContain(answer.status);
    if (answer.status === 201) expect((await readSession(service, answer.body.id)).id).toBe(answer.body.id);
  });

  const untilInserted = async (referenceId: string): Promise<void> => {
    while ((await rowsOf(referenceId)).length === 0) await new Promise(setImmediate);
  };
});
