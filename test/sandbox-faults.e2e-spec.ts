import { TerraClient } from 'terra-api';
import type { Sandbox } from '../sandbox';
import { startTestSandbox, TEST_CREDENTIALS } from './support/sandbox';

const { devId, apiKey } = TEST_CREDENTIALS;

describe('The sandbox as a faulty Terra', () => {
  let sandbox: Sandbox;
  let terra: TerraClient;

  beforeAll(async () => {
    sandbox = await startTestSandbox();
    terra = new TerraClient({ devId, apiKey, baseUrl: sandbox.apiUrl });
  });
  afterEach(() => sandbox.reset());
  afterAll(() => sandbox.close());

  it('can answer 200 with status "error", which the SDK does not throw', async () => {
    sandbox.behaviour.okWithStatusError = true;
    expect(await terra.authentication.generatewidgetsession()).toMatchObject({ status: 'error' });
  });

  it('fails as configured and then recovers, so that the SDK succeeds by retrying', async () => {
    sandbox.behaviour.failWith = [503, 429];
    expect(await terra.user.getalluserids()).toMatchObject({ users: [] });
    expect(sandbox.requests.map(({ path }) => path)).toEqual(Array(3).fill('/api/v2/subscriptions'));
  });

  it('can answer HTML, broken JSON or 50 MB instead of JSON', async () => {
    sandbox.behaviour.failWith = ['html', 'truncated', 'huge'];
    const [html, truncated, huge] = [await askRaw(), await askRaw(), await askRaw()];
    expect([html.status, html.body]).toEqual([500, expect.stringContaining('<html>')]);
    expect(truncated.status).toBe(200);
    expect(() => JSON.parse(truncated.body) as unknown).toThrow(SyntaxError);
    expect(huge.body.length).toBeGreaterThan(50 * 1_024 * 1_024);
  });

  it('can reset a single connection', async () => {
    sandbox.behaviour.failWith = ['reset'];
    await expect(askRaw()).rejects.toThrow('fetch failed');
    expect((await askRaw()).status).toBe(200);
  });

  it.each(['stall', 'delayMs', 'down'] as const)('can be unreachable: %s', async (name) => {
    Object.assign(sandbox.behaviour, {
      stall: name === 'stall',
      down: name === 'down',
      delayMs: name === 'delayMs' ? 60_000 : 0,
    });
    const call = terra.user.getalluserids({}, { maxRetries: 0, timeoutInSeconds: 0.2 });
    await expect(call).rejects.toThrow();
    expect(sandbox.requests.at(-1)).toMatchObject({ method: 'GET', path: '/api/v2/subscriptions' });
  });

  async function askRaw(): Promise<{ status: number; body: string }> {
    const headers = { 'dev-id': devId, 'x-api-key': apiKey };
    const answer = await fetch(`${sandbox.apiUrl}/subscriptions`, { headers });
    return { status: answer.status, body: await answer.text() };
  }
});
