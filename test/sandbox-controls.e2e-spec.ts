import { SCENARIOS, type Sandbox } from '../sandbox';
import { startTestSandbox, TEST_CREDENTIALS } from './support/sandbox';

describe('The controls of the sandbox', () => {
  let sandbox: Sandbox;
  beforeAll(async () => (sandbox = await startTestSandbox()));
  afterEach(() => sandbox.reset());
  afterAll(() => sandbox.close());

  const names = Object.keys(SCENARIOS);
  const page = async (): Promise<string> => (await fetch(sandbox.url)).text();
  const post = (path: string, body: unknown = {}): Promise<Response> =>
    fetch(sandbox.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });

  it('accept switches, events and changes of a user over HTTP, and show the state without credentials', async () => {
    expect((await post('/sandbox/behaviour', { legacyGone: true, webhooks: 'duplicated' })).status).toBe(200);
    expect(sandbox.behaviour).toMatchObject({ legacyGone: true, webhooks: 'duplicated' });
    expect((await post('/sandbox/behaviour', { webhooks: 'on', nonsense: 1 })).status).toBe(400);
    expect(sandbox.behaviour.webhooks).toBe('duplicated');

    const { userId } = sandbox.account.connect({ provider: 'OURA', referenceId: 'u_1' });
    for (const path of ['error', 'permissions', 'data', 'revoke']) {
      const change = path === 'permissions' ? { remove: ['sleep'] } : {};
      expect((await post(`/sandbox/users/${userId}/${path}`, change)).status).toBe(200);
    }
    expect((await post(`/sandbox/users/${userId}/revoke`)).status).toBe(404);
    expect((await post('/sandbox/emit', { event: { type: 'healthcheck' } })).status).toBe(202);
    const state = (await (await fetch(`${sandbox.url}/sandbox/state`)).json()) as {
      deliveries: { type: string }[];
    };
    expect(state.deliveries.map(({ type }) => type)).toEqual([
      'auth',
      'connection_error',
      'permission_change',
      'daily',
      'access_revoked',
      'healthcheck',
    ]);
    expect(JSON.stringify(state)).not.toContain(TEST_CREDENTIALS.apiKey);
  });

  it.each(['nope', 'toString', '__proto__'])('reject a scenario with an unknown name: %s', async (name) => {
    await sandbox.play('lost-webhook');
    const answer = await post(`/sandbox/scenarios/${name}`);
    expect([answer.status, await answer.json()]).toEqual([
      404,
      { status: 'error', message: `There is no scenario "${name}". Scenarios: ${names.join(', ')}` },
    ]);
    expect(sandbox.behaviour.webhooks).toBe('off');
  });

  it.each([
    ['reauth', { provider: 'NOPE' }, 'There is no provider "NOPE"'],
    ['reauth', { provider: 'APPLE' }, 'linked in the browser'],
    ['phone-provider', { provider: 'GARMIN' }, 'linked on a phone'],
    ['reauth', { reference_id: 'p-1' }, 'There is no option "reference_id". Options: referenceId, provider.'],
    ['reauth', { referenceId: 7 }, 'referenceId must be a string'],
    ['reauth', ['p-1'], 'must be a JSON object'],
  ] as const)('change nothing when a scenario cannot be played: %s with %j', async (name, body, message) => {
    await sandbox.play('lost-webhook');
    const answer = await post(`/sandbox/scenarios/${name}`, body);
    expect([answer.status, await answer.json()]).toEqual([
      400,
      { status: 'error', message: expect.stringContaining(message) as unknown },
    ]);
    expect(sandbox.account.linkedUsers()).toHaveLength(1);
    expect(sandbox.behaviour.webhooks).toBe('off');
  });

  it('have a page, whose forms set one switch and redirect back', async () => {
    const shown = await page();
    for (const name of Object.keys(sandbox.behaviour)) expect(shown).toContain(`id="switch-${name}"`);
    const form = new URLSearchParams({ failWith: '500, html' });
    const answer = await fetch(`${sandbox.url}/sandbox/behaviour`, {
      method: 'POST',
      body: form,
      redirect: 'manual',
    });
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/']);
    expect(sandbox.behaviour.failWith).toEqual([500, 'html']);
  });

  it('have a search on the page, which limits every section and survives a form', async () => {
    sandbox.account.connect({ provider: 'OURA', referenceId: 'u_1' });
    const search = (text: string): Promise<string> =>
      fetch(`${sandbox.url}/?q=${encodeURIComponent(text)}`).then((answer) => answer.text());
    expect(await search('RETRY milliseconds')).toMatch(/id="switch-retryBaseMs"/);
    expect(await search('RETRY milliseconds')).not.toMatch(/id="switch-down"|Play |u_1/);
    expect(await search('u_1')).toContain('<strong>OURA</strong> of u_1');
    expect(await search('user-cap')).toContain('aria-label="Play user-cap"');
    expect(await search('<nothing>')).toContain('Nothing here contains “&lt;nothing&gt;”');
    const answer = await fetch(`${sandbox.url}/sandbox/behaviour`, {
      method: 'POST',
      headers: { referer: `${sandbox.url}/?q=a+b` },
      body: new URLSearchParams({ delayMs: '5' }),
      redirect: 'manual',
    });
    expect(answer.headers.get('location')).toBe('/?q=a+b');
  });

  it('have a button for each scenario on the page, which names the played scenario until a reset', async () => {
    const before = await page();
    for (const name of names) expect(before).toContain(`aria-label="Play ${name}"`);
    expect(before).not.toContain('data-testid="scenario-played"');
    const pressed = await fetch(`${sandbox.url}/sandbox/scenarios/lost-webhook`, {
      method: 'POST',
      redirect: 'manual',
      body: new URLSearchParams({ referenceId: '<p-1>' }),
    });
    expect([pressed.status, pressed.headers.get('location')]).toEqual([303, '/']);
    expect(sandbox.account.linkedUsers()).toMatchObject([{ referenceId: '<p-1>' }]);
    expect(await page()).toMatch(/<strong>lost-webhook<\/strong> for <code>&lt;p-1&gt;<\/code>/);
    await post('/sandbox/behaviour/reset');
    expect(await page()).not.toContain('data-testid="scenario-played"');
  });
});
