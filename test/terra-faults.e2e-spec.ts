import { DeauthenticationWorker } from '../src/connections';
import { startTestApp, type ApiAnswer, type TestApp } from './support/app';
import { shiftClock } from './support/flow';
import { connectThroughWidget } from './support/sandbox';

interface Problem {
  code: string;
  detail: string;
}
interface Session {
  id: string;
  widgetUrl: string;
  expiresAt: string;
  createdAt: string;
  warnings: string[];
}

const WIDGET = '/api/widget/session';
const LEGACY = '/api/v2/auth/generateWidgetSession';

let service: TestApp;
const create = <Body = Session & Problem>(body: Record<string, unknown> = {}): Promise<ApiAnswer<Body>> =>
  service.api<Body>('POST', '/v1/connect-sessions', { body: { referenceId: 'person', ...body } });
const callsTo = (path: string): number =>
  service.sandbox.requests.filter((request) => request.path === path).length;

describe('The widget generation', () => {
  const start = async (generation: string): Promise<void> => {
    service = await startTestApp({ TERRA_WIDGET_GENERATION: generation });
  };
  afterEach(() => service.close());

  it('auto uses the current endpoint, with its 201 and its lifetime of a day', async () => {
    await start('auto');
    const { status, body } = await create();
    expect(status).toBe(201);
    expect(Date.parse(body.expiresAt) - Date.parse(body.createdAt)).toBeGreaterThan(86_000_000);
    expect([callsTo(WIDGET), callsTo(LEGACY)]).toEqual([1, 0]);
  });

  it('auto falls back to the legacy endpoint when the current one is missing, and remembers that', async () => {
    await start('auto');
    service.sandbox.behaviour.currentMissing = true;
    const first = await create();
    expect(first.status).toBe(201);
    expect(Date.parse(first.body.expiresAt) - Date.parse(first.body.createdAt)).toBeLessThan(1_000_000);
    await create();
    expect([callsTo(WIDGET), callsTo(LEGACY)]).toEqual([1, 2]);
    expect(service.log.some((line) => line.includes('terra.widget_generation_switched'))).toBe(true);
  });

  it('auto returns to the current endpoint on a 410 from the legacy one, and remembers that', async () => {
    await start('auto');
    service.sandbox.behaviour.currentMissing = true;
    await create();
    Object.assign(service.sandbox.behaviour, { currentMissing: false, legacyGone: true });
    expect((await create()).status).toBe(201);
    expect((await create()).status).toBe(201);
    expect([callsTo(WIDGET), callsTo(LEGACY)]).toEqual([3, 2]);
  });

  it('auto answers terra.no_widget_endpoint when neither endpoint serves the account', async () => {
    await start('auto');
    Object.assign(service.sandbox.behaviour, { currentMissing: true, legacyGone: true });
    expect(await create()).toMatchObject({ status: 502, body: { code: 'terra.no_widget_endpoint' } });
  });

  it.each([
    ['legacy', LEGACY, WIDGET, 'legacyGone'],
    ['current', WIDGET, LEGACY, 'currentMissing'],
  ])(
    '%s uses only its own endpoint, whatever the endpoint answers',
    async (generation, used, unused, gone) => {
      await start(generation);
      const { status, body } = await create({ providers: ['garmin', 'oura'] });
      expect(status).toBe(201);
      expect(service.sandbox.requests.find(({ path }) => path === used)?.body).toMatchObject({
        reference_id: 'person',
        providers: 'GARMIN,OURA',
      });
      const callbackUrl = await connectThroughWidget(body.widgetUrl, { provider: 'GARMIN' });
      expect((await fetch(callbackUrl, { redirect: 'manual' })).status).toBe(303);
      Object.assign(service.sandbox.behaviour, { [gone]: true });
      expect(await create()).toMatchObject({ status: 502, body: { code: 'terra.no_widget_endpoint' } });
      expect(callsTo(unused)).toBe(0);
    },
  );
});

describe('Failures of Terra', () => {
  beforeAll(async () => (service = await startTestApp()));
  afterAll(() => service.close());
  beforeEach(() => {
    service.sandbox.reset();
    service.sandbox.requests.length = 0;
  });

  it.each([
    ['wrong credentials', { rejectCredentials: true }, 502, 'terra.bad_credentials'],
    ['no provider enabled', { noSourceEnabled: true }, 502, 'terra.no_provider_enabled'],
    ['a 200 with status "error"', { okWithStatusError: true, faultsOnlyOn: WIDGET }, 502, 'terra.rejected'],
    ['a 400', { failWith: [400], faultsOnlyOn: WIDGET }, 502, 'terra.rejected'],
    ['an HTML page', { failWith: ['html'], faultsOnlyOn: WIDGET }, 503, 'terra.unavailable'],
    ['truncated JSON', { failWith: ['truncated'], faultsOnlyOn: WIDGET }, 502, 'terra.malformed_answer'],
    ['an endless answer', { failWith: ['huge'], faultsOnlyOn: WIDGET }, 502, 'terra.malformed_answer'],
    ['a 502', { failWith: [502], faultsOnlyOn: WIDGET }, 503, 'terra.unavailable'],
    ['a reset connection', { failWith: ['reset'], faultsOnlyOn: WIDGET }, 503, 'terra.unavailable'],
  ] as const)('%s becomes a problem that says whose fault it is (R8)', async (_, behaviour, status, code) => {
    Object.assign(service.sandbox.behaviour, behaviour);
    expect(await create()).toMatchObject({ status, body: { code } });
    // The service does not retry: Terra has no idempotency key, so a second POST could create a second session.
    expect(callsTo(WIDGET)).toBe(1);
    const sessions = await service.query(
      `SELECT status FROM terra_connect.connect_sessions ORDER BY id DESC LIMIT 1`,
    );
    expect(sessions).toEqual([{ status: 'failed' }]);
  });

  it('a call without an answer becomes a 504 after five seconds (R8)', async () => {
    Object.assign(service.sandbox.behaviour, { failWith: ['stall'], faultsOnlyOn: WIDGET });
    const startedAt = Date.now();
    const answer = await create();
    expect(answer).toMatchObject({ status: 504, body: { code: 'terra.timeout' } });
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Date.now() - startedAt).toBeLessThan(10_000);
  });

  it('a rate limit of Terra tells the caller when to retry', async () => {
    Object.assign(service.sandbox.behaviour, { failWith: [429, 429], faultsOnlyOn: WIDGET });
    const answer = await create();
    expect(answer).toMatchObject({ status: 503, body: { code: 'terra.rate_limited' } });
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  it('a session is created without a check of its providers when the catalogue is unavailable', async () => {
    Object.assign(service.sandbox.behaviour, { failWith: Array(8).fill(500), faultsOnlyOn: '/integrations' });
    await service.close();
    service = await startTestApp();
    Object.assign(service.sandbox.behaviour, { failWith: Array(8).fill(500), faultsOnlyOn: '/integrations' });
    expect((await create({ providers: ['GARMIN'] })).status).toBe(201);
    expect((await service.api('GET', '/v1/providers')).status).toBe(503);
  });

  it('T-24: a failed read is repeated once, and a disconnect until Terra confirms it', async () => {
    const { body: session } = await create({ referenceId: 'reader' });
    const callbackUrl = await connectThroughWidget(session.widgetUrl, { provider: 'OURA' });
    Object.assign(service.sandbox.behaviour, { failWith: [500], faultsOnlyOn: '/userInfo' });
    expect((await fetch(callbackUrl, { redirect: 'manual' })).headers.get('location')).toContain(
      'status=connected',
    );

    const list = await service.api<{ items: { id: string }[] }>('GET', '/v1/connections?referenceId=reader');
    const path = `/v1/connections/${list.body.items[0]?.id}`;
    Object.assign(service.sandbox.behaviour, { failWith: [500], faultsOnlyOn: '/deauthenticateUser' });
    expect(await service.api('DELETE', path)).toMatchObject({
      status: 202,
      body: { status: 'disconnecting' },
    });
    await service.drainDeauthentications();
    expect(await service.api('GET', path)).toMatchObject({ body: { status: 'disconnecting' } });
    shiftClock(service, 3_600);
    await service.app.get(DeauthenticationWorker, { strict: false }).runOnce();
    jest.restoreAllMocks();
    expect(await service.api('GET', path)).toMatchObject({
      body: { status: 'disconnected', statusReason: 'disconnected_by_us' },
    });
    const calls = `SELECT status, attempts, last_outcome AS "lastOutcome", actor IS NOT NULL AS "hasActor", reason
      FROM terra_connect.deauthentications WHERE reference_id = 'reader'`;
    expect(await service.query(calls)).toEqual([
      {
        status: 'confirmed',
        attempts: 2,
        lastOutcome: 'ended',
        hasActor: true,
        reason: 'DELETE of the connection',
      },
    ]);
  });

  it('a disconnect is complete when Terra no longer knows the Terra user', async () => {
    const { body: session } = await create({ referenceId: 'forgotten' });
    await fetch(await connectThroughWidget(session.widgetUrl, { provider: 'OURA' }), { redirect: 'manual' });
    for (const { userId } of service.sandbox.account.usersOf('forgotten'))
      service.sandbox.account.remove(userId);
    const list = await service.api<{ items: { id: string }[] }>(
      'GET',
      '/v1/connections?referenceId=forgotten',
    );
    const path = `/v1/connections/${list.body.items[0]?.id}`;
    expect((await service.api('DELETE', path)).status).toBe(202);
    await service.drainDeauthentications();
    expect(await service.api('GET', path)).toMatchObject({ body: { status: 'disconnected' } });
  });
});

describe('Other calls to Terra', () => {
  beforeAll(async () => (service = await startTestApp()));
  afterAll(() => service.close());

  it('the catalogue is read with the dev-id alone, includes phone-only providers, and is cached', async () => {
    const { body } = await service.api<{ items: { provider: string }[] }>('GET', '/v1/providers');
    const codes = body.items.map(({ provider }) => provider);
    expect(codes).toEqual(expect.arrayContaining(['APPLE', 'GARMIN', 'OURA']));
    await service.api('GET', '/v1/providers');
    const calls = service.sandbox.requests.filter(({ path }) => path.endsWith('/integrations/detailed'));
    expect(calls.map(({ headers }) => headers['x-api-key'])).toEqual([undefined, undefined]);
  });

  it('an SDK token is bound to its reference, whatever characters the reference has', async () => {
    const referenceId = 'зоя & 李/?#%';
    const path = `/v1/end-users/${encodeURIComponent(referenceId)}/sdk-tokens`;
    const { status, body } = await service.api<{ token: string; expiresAt: string }>('POST', path);
    expect(status).toBe(201);
    expect(Date.parse(body.expiresAt)).toBeGreaterThan(Date.now());
    const redeemed = await fetch(`${service.sandbox.url}/sandbox/phone/redeem`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token: body.token, provider: 'APPLE', reference_id: 'somebody-else' }),
    });
    expect(redeemed.ok).toBe(true);
    await service.drainWebhooks();
    const query = new URLSearchParams({ referenceId }).toString();
    const { body: list } = await service.api<{ items: unknown[] }>('GET', `/v1/connections?${query}`);
    expect(list.items).toMatchObject([{ provider: 'APPLE', referenceId, status: 'active' }]);
  });
});
