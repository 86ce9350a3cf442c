import { AS_ADA, startSampleAppStage, type SampleAppStage } from './support/sample-app';

describe('The sample app', () => {
  let app: SampleAppStage;

  beforeAll(async () => (app = await startSampleAppStage()));
  beforeEach(() => {
    app.calls.length = 0;
    app.answers.clear();
    app.answers.set('GET /v1/connections?referenceId=pulse-1001', {
      status: 200,
      body: {
        items: [
          device('c1', 'GARMIN', 'active'),
          device('c2', 'OURA', 'disconnected'),
          device('c3', 'POLAR', 'needs_reauth'),
        ],
        nextCursor: null,
      },
    });
  });
  afterAll(() => app.close());

  it('asks who the end user is, and keeps the answer in a cookie that scripts and other sites do not get', async () => {
    expect((await app.get('/', {})).page).toContain('Who are you?');
    const answer = await app.post('/sign-in');
    expect(answer.headers.get('set-cookie')).toMatch(/^pulse_user=ada; .*HttpOnly; SameSite=Lax/);
  });

  it('lists the devices in use, and ended ones apart from them', async () => {
    const { status, page } = await app.get('/');
    expect(status).toBe(200);
    expect(page).toContain('data-testid="device-GARMIN"');
    expect(page).toContain('data-testid="device-POLAR"');
    expect(page).toContain('data-testid="reconnect-POLAR"');
    expect(page).not.toContain('data-testid="reconnect-GARMIN"');
    expect(page).not.toContain('data-testid="device-OURA"');
    expect(page).toContain('data-testid="earlier-OURA"');
    expect(page).toContain('data-testid="reconnect-OURA"');
  });

  it('names the successor of an ended provider, as the service knows it', async () => {
    const retired = { ...device('c4', 'FITBIT', 'needs_reauth'), statusReason: 'provider_retired' };
    app.answers.set('GET /v1/connections?referenceId=pulse-1001', {
      status: 200,
      body: { items: [retired], nextCursor: null },
    });
    app.answers.set('GET /v1/providers/FITBIT/migration?limit=1', {
      status: 200,
      body: { successor: 'GOOGLE_HEALTH' },
    });
    expect((await app.get('/')).page).toMatch(/>\s*Connect Google Health\s*<\/button>/);
    app.answers.delete('GET /v1/providers/FITBIT/migration?limit=1');
    expect((await app.get('/')).page).toContain('connect another device');
  });

  it('reconnects a device of the signed-in end user with a session that has its connectionId', async () => {
    app.answers.set('GET /v1/connections/c3', { status: 200, body: device('c3', 'POLAR', 'needs_reauth') });
    app.answers.set('POST /v1/connect-sessions', {
      status: 201,
      body: { connectUrl: 'http://service.example/connect/abc' },
    });
    const answer = await app.post('/devices/c3/reconnect');
    expect([answer.status, answer.headers.get('location')]).toEqual([
      303,
      'http://service.example/connect/abc',
    ]);
    expect(app.calls.at(-1)?.body).toEqual({
      referenceId: 'pulse-1001',
      connectionId: 'c3',
      returnUrl: `${app.url}/connected`,
    });
  });

  it('says what to do on the phone, for providers that no browser connects', async () => {
    const answer = (session: object): void =>
      void app.answers.set('GET /v1/connect-sessions/s1', {
        status: 200,
        body: { status: 'opened', referenceId: 'pulse-1001', ...session },
      });
    const banner = async (): Promise<string> => (await app.get('/connected?session_id=s1')).page;
    answer({ providers: ['APPLE'] });
    expect(await banner()).toContain('Apple Health connects on your phone.');
    answer({ providers: ['GARMIN'] });
    expect(await banner()).not.toContain('data-testid="phone-help"');
    answer({ providers: [] });
    expect(await banner()).toMatch(/If you chose Apple Health[^]*data-testid="phone-help"/);
    expect((await app.get('/phone')).page).toContain(
      'Open Pulse Diary on your phone, and sign in as Ada Okafor',
    );
  });

  it('starts a session for the signed-in end user, sends the browser to its connectUrl, and never shows the key', async () => {
    app.answers.set('POST /v1/connect-sessions', {
      status: 201,
      body: { connectUrl: 'http://service.example/connect/abc' },
    });
    const answer = await app.post('/connect');
    expect([answer.status, answer.headers.get('location')]).toEqual([
      303,
      'http://service.example/connect/abc',
    ]);
    expect(app.calls).toEqual([
      {
        route: 'POST /v1/connect-sessions',
        authorization: 'Bearer secret-key',
        body: { referenceId: 'pulse-1001', returnUrl: `${app.url}/connected` },
      },
    ]);
    expect((await app.get('/')).page).not.toContain('secret-key');
  });

  it.each([
    ['completed', 'Your device is connected.'],
    ['cancelled', 'You cancelled.'],
    ['failed', 'could not be connected'],
    ['expired', 'took too long'],
    ['opened', 'data-testid="check-again"'],
  ])('shows the status of the session on return, as the service reports it: %s', async (status, text) => {
    app.answers.set('GET /v1/connect-sessions/s1', {
      status: 200,
      body: { status, referenceId: 'pulse-1001' },
    });
    expect((await app.get('/connected?session_id=s1&status=connected')).page).toContain(text);
  });

  it('says on return from a reconnect that the device is connected again, or that nothing has changed', async () => {
    const banner = async (status: string): Promise<string> => {
      const body = { status, referenceId: 'pulse-1001', connectionId: 'c3' };
      app.answers.set('GET /v1/connect-sessions/s1', { status: 200, body });
      return (await app.get('/connected?session_id=s1')).page;
    };
    expect(await banner('completed')).toContain('connected again');
    expect(await banner('cancelled')).toContain('Nothing has changed');
  });

  it('says which permissions to allow, when the attempt failed for them', async () => {
    const body = { status: 'failed', referenceId: 'pulse-1001', providerReason: 'missing_scopes' };
    app.answers.set('GET /v1/connect-sessions/s1', { status: 200, body });
    expect((await app.get('/connected?session_id=s1')).page).toContain('allow every permission');
  });

  it("does not show the outcome of another end user's session or of an unknown session", async () => {
    app.answers.set('GET /v1/connect-sessions/s2', {
      status: 200,
      body: { status: 'completed', referenceId: 'pulse-1002' },
    });
    for (const query of ['session_id=s2', 'session_id=unknown', '']) {
      expect((await app.get(`/connected?${query}`)).page).toContain('does not belong to your account');
    }
  });

  it('disconnects a device of the signed-in end user', async () => {
    app.answers.set('GET /v1/connections/c1', { status: 200, body: device('c1', 'GARMIN', 'active') });
    app.answers.set('DELETE /v1/connections/c1', { status: 204 });
    const answer = await app.post('/devices/c1/disconnect');
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/?disconnected=1']);
    expect(app.calls.map(({ route }) => route)).toEqual([
      'GET /v1/connections/c1',
      'DELETE /v1/connections/c1',
    ]);
  });

  it.each(['disconnect', 'reconnect'])('does not %s a device of another end user', async (action) => {
    app.answers.set('GET /v1/connections/c9', {
      status: 200,
      body: device('c9', 'GARMIN', 'active', 'pulse-1002'),
    });
    expect((await app.post(`/devices/c9/${action}`)).status).toBe(404);
    expect((await app.post(`/devices/unknown/${action}`)).status).toBe(404);
    expect(app.calls.map(({ route }) => route)).toEqual([
      'GET /v1/connections/c9',
      'GET /v1/connections/unknown',
    ]);
  });

  it('rejects a form that another site sent', async () => {
    for (const origin of ['https://evil.example', 'null', '']) {
      const headers: Record<string, string> = origin ? { ...AS_ADA, origin } : AS_ADA;
      for (const path of ['/connect', '/devices/c1/disconnect', '/devices/c1/reconnect', '/sign-in']) {
        expect((await app.post(path, headers)).status).toBe(403);
      }
    }
    expect(app.calls).toEqual([]);
  });

  it('says that the service is unavailable, and still shows its page', async () => {
    app.answers.set('GET /v1/connections?referenceId=pulse-1001', { status: 503, body: {} });
    const { status, page } = await app.get('/');
    expect(status).toBe(503);
    expect(page).toContain('not available right now');
    expect(page).toContain('data-testid="connect-device"');

    app.answers.set('POST /v1/connect-sessions', { status: 502, body: {} });
    const connect = await app.post('/connect');
    expect([connect.status, await connect.text()]).toEqual([
      503,
      expect.stringContaining('not available right now'),
    ]);
  });

  it.each([
    [429, 'rate_limit.exceeded', 'Wait some minutes'],
    [409, 'connection.disconnecting', 'Try again in a minute'],
    [422, 'provider.unknown', 'connect another one'],
    [403, 'auth.insufficient_scope', 'You did nothing wrong'],
  ])('says what to do when the service rejects a connect: %i %s', async (status, code, text) => {
    app.answers.set('POST /v1/connect-sessions', { status, body: { code, detail: 'for callers' } });
    const page = await (await app.post('/connect')).text();
    expect(page).toContain(text);
    expect(page).toMatch(/action="\/connect"[^]*Try again/);
    expect(page).toContain(`For developers: ${code}: for callers`);
  });

  it("escapes the service's error texts", async () => {
    const answer = await app.post('/connect');
    expect([answer.status, await answer.text()]).toEqual([
      502,
      expect.stringContaining('&lt;b&gt;nothing&lt;/b&gt;'),
    ]);
  });
});

function device(id: string, provider: string, status: string, referenceId = 'pulse-1001'): object {
  return {
    id,
    referenceId,
    provider,
    status,
    statusReason: null,
    terraUserId: 't',
    scopes: [],
    connectedAt: '2026-11-20T08:00:00Z',
  };
}
