import type { Browser, BrowserContext, Page } from 'playwright-core';
import type { Sandbox } from '../../sandbox';
import { startTestSandbox } from '../support/sandbox';
import { startSampleAppStage, type SampleAppStage } from '../support/sample-app';
import { expectAccessible, expectFitsPhone } from './accessibility';
import { startChromium } from './chromium';

const LONG_NAME = 'a-reference-id-without-any-place-to-break-the-line-'.repeat(4);

const TIMES = { start_time: '2026-11-26T00:00:00+01:00', end_time: '2026-11-26T07:00:00+01:00' };

let sent = 0;
/** An event with health data of Ada. */
const dataOf = (type: string, provider: string, object: object): object => ({
  id: `event-${(sent += 1)}`,
  type: `data.${type}`,
  subject: 'pulse-1001',
  time: '2026-11-26T10:00:00.000Z',
  sequence: String(sent).padStart(19, '0'),
  data: { connectionId: `c-${provider}`, provider, payload: { data: [{ metadata: TIMES, ...object }] } },
});

let browser: Browser;
let context: BrowserContext;
let page: Page;
let pageErrors: string[];

beforeAll(async () => {
  browser = await startChromium();
});
afterAll(() => browser?.close());
beforeEach(async () => {
  context = await browser.newContext({ viewport: { width: 375, height: 667 } });
  context.setDefaultTimeout(10_000);
  page = await context.newPage();
  pageErrors = [];
  page.on('console', (message) => {
    if (message.type() === 'error') pageErrors.push(message.text());
  });
});
afterEach(async () => {
  expect(pageErrors).toEqual([]);
  await context?.close();
});

describe('The page of the sandbox on a phone', () => {
  let sandbox: Sandbox;
  beforeAll(async () => (sandbox = await startTestSandbox()));
  afterEach(() => sandbox.reset());
  afterAll(() => sandbox.close());

  it('is at most three screens long, fits, and is accessible', async () => {
    await page.goto(sandbox.url);
    expect(await expectFitsPhone(page)).toBeLessThan(3);
    await expectAccessible(page);
  });

  it('fits with every group open, and with long names', async () => {
    sandbox.account.connect({ provider: 'GARMIN', referenceId: LONG_NAME, providerAccount: LONG_NAME });
    await sandbox.play('reauth', { referenceId: LONG_NAME });
    await page.goto(sandbox.url);
    for (const summary of await page.locator('summary').all()) await summary.click();
    await page.getByRole('button', { name: 'Play lost-webhook' }).waitFor();
    await expectFitsPhone(page);
    await expectAccessible(page);
  });

  it('finds a switch by a word of its meaning, sets it, and stays at the search', async () => {
    await page.goto(sandbox.url);
    await page.getByLabel('Search scenarios, users, webhooks and switches').fill('milliseconds retry');
    await page.getByRole('button', { name: 'Search' }).click();
    expect(await page.getByRole('button', { name: /^Set / }).count()).toBeLessThan(5);
    await page.getByRole('textbox', { name: 'retryBaseMs' }).fill('77');
    await page.getByRole('button', { name: 'Set retryBaseMs' }).click();
    await page.getByText('(changed)').waitFor();
    expect(sandbox.behaviour.retryBaseMs).toBe(77);
    expect(await page.getByRole('searchbox').inputValue()).toBe('milliseconds retry');
    await expectFitsPhone(page);
    await page.getByTestId('show-all').click();
    // A group with a changed switch is open.
    await page.getByRole('textbox', { name: 'retryBaseMs' }).waitFor();
  });
});

describe('The sample app on a phone', () => {
  let app: SampleAppStage;
  beforeAll(async () => (app = await startSampleAppStage()));
  afterAll(() => app.close());

  const device = (provider: string, status: string, statusReason: string | null): object => ({
    id: `c-${provider}`,
    referenceId: 'pulse-1001',
    provider,
    status,
    statusReason,
    connectedAt: '2026-11-20T08:00:00Z',
  });

  it('fits and is accessible with a device in every state, and says what to do on the phone', async () => {
    const items = [
      device('GARMIN', 'active', null),
      device('OURA', 'needs_reauth', 'connection_error'),
      device('POLAR', 'needs_reauth', 'missing_scopes'),
      device('FITBIT', 'needs_reauth', 'provider_retired'),
      device('APPLE', 'needs_reauth', 'inactive'),
      device('FREESTYLELIBRE', 'moved', 'moved'),
      device('WITHINGS', 'disconnected', 'access_revoked'),
      device('SUUNTO', 'disconnecting', 'disconnect_requested'),
    ];
    app.answers.set('GET /v1/connections?referenceId=pulse-1001', {
      status: 200,
      body: { items, nextCursor: null },
    });
    app.answers.set('GET /v1/providers/FITBIT/migration?limit=1', {
      status: 200,
      body: { successor: 'GOOGLE_HEALTH' },
    });
    await page.goto(app.url);
    await expectFitsPhone(page);
    await expectAccessible(page);
    await page.getByTestId('user-ada').click();
    await page.getByTestId('devices').waitFor();
    await expectFitsPhone(page);
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Reconnect Oura' }).waitFor();
    await page.getByRole('button', { name: 'Connect Google Health' }).waitFor();
    await page.getByRole('button', { name: 'Connect again FreeStyle Libre' }).waitFor();

    await page.getByTestId('phone-APPLE').click();
    await page.getByRole('heading', { name: 'Connect on your phone' }).waitFor();
    await expectFitsPhone(page);
    await expectAccessible(page);
  });

  it('fits and is accessible with a full diary, and shows it to browsers without scripts', async () => {
    const items = [device('GARMIN', 'active', null), device('OURA', 'disconnected', 'deauth')];
    app.answers.set('GET /v1/connections?referenceId=pulse-1001', {
      status: 200,
      body: { items, nextCursor: null },
    });
    const events = [
      dataOf('daily', 'GARMIN', { distance_data: { steps: 12_345, distance_meters: 9_876 } }),
      dataOf('activity', 'GARMIN', { metadata: { ...TIMES, name: 'W'.repeat(100) } }),
      dataOf('daily', 'OURA', {}),
      dataOf('sleep', 'OURA', {
        sleep_durations_data: { asleep: { duration_asleep_state_seconds: 26_000 } },
      }),
    ];
    for (const event of events) expect(await app.deliver(event)).toBe(204);
    await page.goto(app.url);
    await page.getByTestId('user-ada').click();
    await page.getByTestId('ended-OURA').waitFor();
    await expectFitsPhone(page);
    await expectAccessible(page);
    await page.getByText('New data appears here by itself.').waitFor();

    const withoutScripts = await browser.newContext({ javaScriptEnabled: false });
    const plain = await withoutScripts.newPage();
    await plain.goto(app.url);
    await plain.getByTestId('user-ada').click();
    expect(await plain.getByTestId('steps-GARMIN').innerText()).toBe('12,345');
    expect(await plain.getByTestId('sleep-OURA').innerText()).toBe('7 h 13 min');
    await plain.getByText('Reload the page to see new data.').waitFor();
    await withoutScripts.close();
  });
});
