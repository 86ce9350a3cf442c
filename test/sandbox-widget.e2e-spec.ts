import type { Sandbox } from '../sandbox';
import { cancelInWidget, connectThroughWidget, startTestSandbox, TEST_CREDENTIALS } from './support/sandbox';

const HEADERS = {
  'dev-id': TEST_CREDENTIALS.devId,
  'x-api-key': TEST_CREDENTIALS.apiKey,
  'content-type': 'application/json',
};
const REDIRECTS = {
  auth_success_redirect_url: 'https://app.example/back?auth=ok%20then#top',
  auth_failure_redirect_url: 'reallycoolapp://failure',
};

describe('The widget of the sandbox', () => {
  let clock = Date.now();
  let sandbox: Sandbox;

  beforeAll(async () => {
    sandbox = await startTestSandbox({ now: () => clock });
  });
  afterEach(() => sandbox.reset());
  afterAll(() => sandbox.close());

  const ask = (body: object, headers: Record<string, string> = HEADERS): Promise<Response> =>
    fetch(sandbox.widgetUrl, { method: 'POST', headers, body: JSON.stringify(body) });
  const open = async (body: object = {}): Promise<{ url: string; session_id: string }> =>
    (await ask({ reference_id: 'u_1', ...REDIRECTS, ...body })).json() as Promise<{
      url: string;
      session_id: string;
    }>;
  const events = (): Record<string, unknown>[] =>
    sandbox.deliveries.map(({ body }) => JSON.parse(body) as Record<string, unknown>);

  it('is created with 201 for a day, and warns about providers that it cannot offer', async () => {
    const answer = await ask({ providers: 'garmin, ZWIFT,nope' });
    expect(answer.status).toBe(201);
    expect(await answer.json()).toEqual({
      status: 'success',
      session_id: expect.any(String) as unknown,
      url: expect.stringContaining(`${sandbox.publicUrl}/widget/session/`) as unknown,
      expires_in: 86_400,
      warnings: [expect.stringContaining('ZWIFT'), expect.stringContaining('NOPE')],
    });
  });

  it.each([
    ['wrong credentials', 403, {}, { ...HEADERS, 'x-api-key': 'wrong' }],
    ['providers as a list', 400, { providers: ['GARMIN'] }, HEADERS],
    ['a field of the wrong type', 400, { show_disconnect: 'yes' }, HEADERS],
    ['a redirect that is no URL', 400, { auth_success_redirect_url: 'here' }, HEADERS],
    ['only unknown providers', 400, { providers: 'NOPE' }, HEADERS],
  ] as const)('is rejected for %s with %i and a plain error', async (_why, status, body, headers) => {
    const answer = await ask(body, headers);
    expect(answer.status).toBe(status);
    expect(await answer.json()).toEqual({ status: 'error', message: expect.any(String) as unknown });
  });

  it('is rejected for unknown connected_uids, with an answer that names them', async () => {
    const { userId } = sandbox.account.connect({ provider: 'OURA', referenceId: 'u_1' });
    const answer = await ask({ connected_uids: [userId, 'stranger'] });
    expect([answer.status, await answer.json()]).toEqual([
      400,
      expect.objectContaining({ invalid_user_ids: ['stranger'] }),
    ]);
  });

  it('does not exist for an account that has only the legacy widget', async () => {
    sandbox.behaviour.currentMissing = true;
    expect((await ask({})).status).toBe(404);
  });

  it("connects an account, and appends Terra's parameters to a redirect URL that otherwise stays the same", async () => {
    const { url, session_id } = await open();
    const back = await connectThroughWidget(url, { provider: 'GARMIN' });
    const [user] = sandbox.account.usersOf('u_1');
    expect(back.href).toBe(
      `https://app.example/back?auth=ok%20then&user_id=${user?.userId}&resource=GARMIN&reference_id=u_1#top`,
    );
    expect(events()).toMatchObject([
      {
        type: 'auth',
        status: 'success',
        widget_session_id: session_id,
        reference_id: 'u_1',
        user: { user_id: user?.userId },
      },
    ]);
  });

  it('writes the text "null" for a missing reference', async () => {
    const { url } = await open({ reference_id: undefined });
    const back = await connectThroughWidget(url, { provider: 'GARMIN' });
    expect(back.searchParams.get('reference_id')).toBe('null');
    expect(sandbox.account.linkedUsers()).toMatchObject([{ referenceId: null }]);
  });

  it('ends on its own result page when the request names no redirect URL', async () => {
    const { url } = await open({ auth_success_redirect_url: undefined });
    const back = await connectThroughWidget(url, { provider: 'GARMIN' });
    expect(back.pathname).toBe('/widget/session/demo/success');
  });

  it.each([
    [
      'auth_cancelled',
      { type: 'auth_cancelled', status: 'error', reason: 'access_denied', reference_id: 'u_1' },
    ],
    ['auth_error', { type: 'auth', status: 'error', reason: 'access_denied', reference_id: 'u_1' }],
  ] as const)('reports a denied consent as %s and links no user', async (form, event) => {
    sandbox.behaviour.failedAuthForm = form;
    const { url } = await open();
    const back = await cancelInWidget(url, { provider: 'GARMIN' });
    expect(back.href).toBe(
      'reallycoolapp://failure?user_id=null&resource=GARMIN&reference_id=u_1&reason=access_denied',
    );
    expect(events()).toMatchObject([event]);
    expect(sandbox.account.linkedUsers()).toEqual([]);
  });

  it('fails with missing_scopes when a required scope is unticked, and otherwise connects with fewer scopes', async () => {
    const { url } = await open();
    const back = await cancelInWidget(url, { provider: 'OURA', reason: 'missing_scopes' });
    expect(back.searchParams.get('reason')).toBe('missing_scopes');
    await connectThroughWidget(url, { provider: 'OURA', scopes: ['email'] });
    expect(sandbox.account.usersOf('u_1')).toMatchObject([{ scopes: ['email'] }]);
  });

  it.each(['APPLE', 'SAMSUNG', 'HEALTH_CONNECT'])(
    'redirects for %s to the success URL, and links no user',
    async (provider) => {
      const { url } = await open();
      const back = await connectThroughWidget(url, { provider });
      expect(back.searchParams.get('user_id')).toBe('null');
      expect(back.searchParams.get('resource')).toBe(provider);
      expect([sandbox.account.linkedUsers(), events()]).toEqual([[], []]);
    },
  );

  it('skips the list of providers if there is only one', async () => {
    const { url } = await open({ providers: 'WHOOP' });
    const answer = await fetch(url, { redirect: 'manual' });
    expect(answer.headers.get('location')).toMatch(/\/provider\/WHOOP$/);
  });

  it.each([{ multi_auth: true }, { auth_success_redirect_url: 'multi-auth' }])(
    'stays open for several providers under %j',
    async (body) => {
      const { url, session_id } = await open(body);
      const stay = await connectThroughWidget(url, { provider: 'GARMIN' });
      expect(stay.pathname).toBe(new URL(url).pathname);
      await connectThroughWidget(url, { provider: 'OURA' });
      expect(events()).toMatchObject([{ widget_session_id: session_id }, { widget_session_id: session_id }]);

      const page = await (await fetch(url)).text();
      expect(page).toContain('data-testid="widget-done"');
      const done = await fetch(`${url}/done`, { method: 'POST', redirect: 'manual' });
      expect(done.headers.get('location')).toContain('resource=OURA&reference_id=u_1');
    },
  );

  it('keeps the end user on its result page when feedback is not bypassed', async () => {
    const { url } = await open({ bypass_feedback: false });
    const stay = await connectThroughWidget(url, { provider: 'GARMIN' });
    expect(stay.pathname).toMatch(/^\/widget\/session\/.+\/provider\/GARMIN$/);
    expect(sandbox.account.usersOf('u_1')).toHaveLength(1);
  });

  it('gives a new user id for a reconnect, and a second user id for a second account', async () => {
    const { url } = await open();
    const first = (await connectThroughWidget(url, { provider: 'GARMIN' })).searchParams.get('user_id');
    const again = (await connectThroughWidget(url, { provider: 'GARMIN' })).searchParams.get('user_id');
    await connectThroughWidget(url, { provider: 'GARMIN', account: 'other@example.com' });
    expect(again).not.toBe(first);
    expect(events().map(({ type }) => type)).toEqual(['auth', 'auth', 'user_reauth', 'auth']);
    expect(sandbox.account.usersOf('u_1')).toHaveLength(2);
  });

  it('shows and disconnects the accounts of its reference, and no others', async () => {
    const own = sandbox.account.connect({ provider: 'OURA', referenceId: 'u_1' });
    const others = sandbox.account.connect({ provider: 'OURA', referenceId: 'u_2' });
    const { url } = await open({ show_disconnect: true });
    expect(await (await fetch(url)).text()).toContain('data-testid="disconnect-OURA"');
    for (const { userId } of [own, others]) {
      await fetch(`${url}/disconnect`, { method: 'POST', body: new URLSearchParams({ user_id: userId }) });
    }
    expect(sandbox.account.linkedUsers()).toEqual([others]);
  });

  it('authenticates the user id that authenticateUser returned', async () => {
    const target = `${sandbox.apiUrl}/auth/authenticateUser?resource=OURA`;
    const answer = await fetch(target, {
      method: 'POST',
      headers: HEADERS,
      body: JSON.stringify({ reference_id: 'u_1', ...REDIRECTS }),
    });
    const { user_id, auth_url } = (await answer.json()) as { user_id: string; auth_url: string };
    const back = await connectThroughWidget(auth_url, { provider: 'OURA' });
    expect(back.searchParams.get('user_id')).toBe(user_id);
    expect(sandbox.account.usersOf('u_1')).toMatchObject([{ userId: user_id, isAuthenticated: true }]);
  });

  it('rejects end users before the provider page when the environment is full', async () => {
    sandbox.behaviour.userCapReached = true;
    const { url } = await open({ providers: 'GARMIN' });
    const answer = await fetch(url);
    expect([answer.status, await answer.text()]).toEqual([
      403,
      expect.stringContaining('User Limit Reached'),
    ]);
  });

  it('answers 410 for an expired link and 404 for an unknown one', async () => {
    const { url } = await open();
    clock += 86_400_001;
    const expired = await fetch(url);
    expect([expired.status, await expired.text()]).toEqual([410, expect.stringContaining('expired')]);
    expect((await fetch(`${sandbox.url}/widget/session/none`)).status).toBe(404);
  });

  it('escapes every value of the request', async () => {
    const { url } = await open({ reference_id: '"><script>alert(1)</script>', providers: 'GARMIN' });
    const answer = await fetch(url);
    expect(await answer.text()).not.toContain('<script');
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
  });
});
