/* eslint-disable max-lines -- The tests share one launched service per generation; a second file would launch two more. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { becomesTrue } from '../../local/waiting';
import { expectAccessible, expectFitsPhone } from './accessibility';
import { startChromium } from './chromium';
import { launch, type Launched } from './launched';

const READY_WITHIN_MS = 15_000;

interface Connection {
  id: string;
  referenceId: string;
  provider: string;
  status: string;
  statusReason: string | null;
}

interface Session {
  id: string;
  status: string;
  connectUrl: string;
  connections: Connection[];
}

let browser: Browser;

beforeAll(async () => {
  browser = await startChromium();
});

afterAll(() => browser?.close());

describe.each([
  ['auto', '/api/widget/session'],
  ['legacy', '/api/v2/auth/generateWidgetSession'],
])('npm start with TERRA_WIDGET_GENERATION=%s', (generation, widgetEndpoint) => {
  let launched: Launched;
  let context: BrowserContext;
  let page: Page;
  /** Errors in the browser's console, such as blocked scripts, styles and URLs, and uncaught exceptions of pages. */
  let pageErrors: string[];

  beforeAll(async () => {
    launched = await launch({ TERRA_WIDGET_GENERATION: generation });
  });

  afterAll(async () => {
    await launched?.stop();
  });

  beforeEach(async () => {
    context = await browser.newContext({ viewport: { width: 900, height: 700 } });
    context.setDefaultTimeout(10_000);
    page = await context.newPage();
    pageErrors = [];
    page.on('console', (message) => {
      // Browsers request the icon without being asked to.
      if (message.type() === 'error' && !message.location().url.endsWith('/favicon.ico')) {
        pageErrors.push(message.text());
      }
    });
    page.on('pageerror', (error) => pageErrors.push(error.message));
  });

  afterEach(() => context?.close());

  const at = (id: string) => page.getByTestId(id);

  /** Saves a screenshot when SCREENSHOTS is set: SCREENSHOTS=<folder> npm run test:browser */
  const screenshot = async (name: string): Promise<void> => {
    const folder = process.env.SCREENSHOTS;
    if (!folder) return;
    mkdirSync(folder, { recursive: true });
    await page.screenshot({ path: join(folder, `${generation}-${name}.png`), fullPage: true });
  };

  const connections = async (): Promise<Connection[]> => {
    const { status, body } = await launched.api<{ items: Connection[] }>('GET', '/v1/connections');
    expect(status).toBe(200);
    return body.items;
  };

  /** Without the time of the last data, which the sandbox sends meanwhile. */
  const stateOfConnections = async (): Promise<object[]> =>
    (await connections()).map((one) => ({ ...one, lastDataAt: null }));

  const session = async (id: string): Promise<Session> =>
    (await launched.api<Session>('GET', `/v1/connect-sessions/${id}`)).body;

  /** The session that the return URL of the current page names. */
  const returnedSession = (): Promise<Session> =>
    session(new URL(page.url()).searchParams.get('session_id') ?? '');

  const signIn = async (endUser: string): Promise<void> => {
    await page.goto(launched.sampleAppUrl);
    await at(`user-${endUser}`).click();
    await at('connect-device').waitFor();
  };

  const chooseProvider = async (provider: string): Promise<void> => {
    await at('connect-device').click();
    await at(`provider-${provider}`).click();
    await at('consent-allow').waitFor();
    expect(new URL(page.url()).origin).toBe(launched.sandboxUrl);
  };

  it('becomes ready in time', () => {
    const seconds = (launched.readyAfterMs / 1000).toFixed(2);
    const work = launched.built ? 'building and starting' : 'starting';
    process.stdout.write(`npm start, ${generation}: ready after ${seconds} s of ${work}.\n`);
    expect(launched.readyAfterMs).toBeLessThan(READY_WITHIN_MS);
  });

  it('connects, lists and disconnects a device, and the API shows the same state each time', async () => {
    expect(await connections()).toEqual([]);
    await page.goto(launched.sampleAppUrl);
    await screenshot('1-sign-in');
    await signIn('ada');
    await screenshot('2-no-device');
    await at('connect-device').click();
    await at('provider-GARMIN').waitFor();
    await screenshot('3-widget');
    await at('provider-GARMIN').click();
    await at('consent-allow').waitFor();
    await screenshot('4-consent');
    await at('consent-allow').click();

    await at('device-GARMIN').waitFor();
    expect(await at('banner').innerText()).toBe('Your device is connected.');
    expect(await at('status-GARMIN').innerText()).toMatch(/^Connected/);
    await screenshot('5-connected');
    const [connection] = await connections();
    expect(connection).toMatchObject({ provider: 'GARMIN', status: 'active', referenceId: 'pulse-1001' });
    expect(await returnedSession()).toMatchObject({
      status: 'completed',
      connections: [{ id: connection?.id }],
    });

    await at('disconnect-GARMIN').click();
    await at('no-devices').waitFor();
    expect(await at('banner').innerText()).toBe('The device was disconnected.');
    await screenshot('6-disconnected');
    // The sample app shows the disconnect at once. Terra confirms it after the worker has sent the request.
    const ended = async (): Promise<boolean> => (await connections())[0]?.status === 'disconnected';
    expect(await becomesTrue(ended, 10_000)).toBe(true);
    expect(await connections()).toMatchObject([{ id: connection?.id, statusReason: 'disconnected_by_us' }]);
    expect(pageErrors).toEqual([]);
  });

  it('asks Terra for the widget at the endpoint of its generation', async () => {
    const response = await fetch(`${launched.sandboxUrl}/sandbox/state`);
    const { requests } = (await response.json()) as { requests: { method: string; path: string }[] };
    const asked = requests.filter(({ path }) => /widget.?session$/i.test(path)).map(({ path }) => path);
    expect(new Set(asked)).toEqual(new Set([widgetEndpoint]));
  });

  it('connects nothing when the end user cancels', async () => {
    const before = await connections();
    await signIn('ben');
    await chooseProvider('GOOGLE_HEALTH');
    await at('consent-deny').click();
    await at('banner').waitFor();
    expect(await at('banner').innerText()).toBe('You cancelled. Nothing was connected.');
    expect(await at('no-devices').count()).toBe(1);
    await screenshot('7-cancelled');
    expect(await connections()).toEqual(before);
    expect(await returnedSession()).toMatchObject({ status: 'cancelled', connections: [] });
    expect(pageErrors).toEqual([]);
  });

  it('fills the diary, and shows a disconnect elsewhere, without a reload', async () => {
    await signIn('mei');
    await chooseProvider('POLAR');
    await at('consent-allow').click();
    await at('device-POLAR').waitFor();
    const addresses: string[] = [];
    page.on('framenavigated', (frame) => addresses.push(frame.url()));
    const shows = async (id: string, text: RegExp): Promise<void> =>
      page.locator(`[data-testid="${id}"]`, { hasText: text }).first().waitFor({ timeout: 20_000 });
    await shows('steps-POLAR', /^[\d,]+$/);
    await shows('sleep-POLAR', /^\d+ h \d+ min$/);
    await shows('heart-POLAR', /^\d+ bpm$/);
    await shows('news', /^New data/);
    await screenshot('11-diary');
    await expectAccessible(page);
    await expectFitsPhone(page);
    await page.setViewportSize({ width: 375, height: 667 });
    await screenshot('11-diary-phone');

    const connection = (await connections()).find(({ provider }) => provider === 'POLAR');
    await launched.api('DELETE', `/v1/connections/${connection?.id}`);
    await shows('status-POLAR', /You disconnected this device/);
    await at('earlier-POLAR').waitFor();
    await shows('ended-POLAR', /disconnected/);
    await shows('news', /^Polar: You disconnected this device/);
    expect(await at('banner').count()).toBe(0);
    await expectAccessible(page);
    await expectFitsPhone(page);
    await page.setViewportSize({ width: 900, height: 700 });
    await screenshot('12-disconnected-elsewhere');
    const isEnded = async (): Promise<boolean> =>
      (await connections()).find(({ id }) => id === connection?.id)?.status === 'disconnected';
    expect(await becomesTrue(isEnded, 10_000)).toBe(true);
    expect(addresses).toEqual([]);
    expect(pageErrors).toEqual([]);
  });

  it('keeps its state when the browser reloads, goes back, or repeats the callback', async () => {
    const before = (await connections()).length;
    const callbacks: string[] = [];
    page.on('request', (request) => {
      if (request.url().includes('/connect/return/')) callbacks.push(request.url());
    });
    await signIn('mei');
    await chooseProvider('GARMIN');
    await at('consent-allow').click();
    await at('device-GARMIN').waitFor();
    const returnUrl = page.url();
    const linked = await stateOfConnections();
    expect(linked).toHaveLength(before + 1);

    await page.reload();
    await at('device-GARMIN').waitFor();
    await page.goBack();
    await page.goForward();
    await at('device-GARMIN').waitFor();
    expect(callbacks).toHaveLength(1);
    await page.goto(callbacks[0] ?? '');
    expect(page.url()).toBe(returnUrl);
    await page.reload();
    expect(await at('device-GARMIN').count()).toBe(1);

    expect(await stateOfConnections()).toEqual(linked);
    expect(await returnedSession()).toMatchObject({
      status: 'completed',
      connections: [{ status: 'active' }],
    });
  });

  it('reconnects a device that the provider has cut off, under the same id', async () => {
    await signIn('ben');
    await chooseProvider('OURA');
    await at('consent-allow').click();
    await at('disconnect-OURA').waitFor();
    const isOura = ({ provider }: Connection): boolean => provider === 'OURA';
    const before = (await connections()).find(isOura);

    await page.goto(launched.sandboxUrl);
    const row = page.locator('li', { hasText: 'OURA of pulse-1002' });
    await row.getByRole('button', { name: 'Connection error' }).click();
    const isBroken = async (): Promise<boolean> =>
      (await connections()).find(isOura)?.status === 'needs_reauth';
    expect(await becomesTrue(isBroken, 10_000)).toBe(true);

    await page.goto(launched.sampleAppUrl);
    expect(await at('status-OURA').innerText()).toContain('Oura no longer gives us your data');
    await screenshot('10-needs-reauth');
    await expectAccessible(page);
    await at('reconnect-OURA').click();
    await at('consent-allow').click();
    await at('banner').waitFor();
    expect(await at('banner').innerText()).toBe('Your device is connected again.');
    expect(await at('status-OURA').innerText()).toMatch(/^Connected/);
    expect((await connections()).filter(isOura)).toMatchObject([{ id: before?.id, status: 'active' }]);
    expect(pageErrors).toEqual([]);
  });

  it('sends an end user who chose Apple Health to the phone', async () => {
    await signIn('ben');
    await at('connect-device').click();
    await at('provider-APPLE').click();
    await at('phone-help').waitFor();
    expect(await at('banner').innerText()).toContain('If you chose Apple Health');
    await at('phone-help').click();
    await page.getByRole('heading', { name: 'Connect on your phone' }).waitFor();
    expect(pageErrors).toEqual([]);
  });

  it('has an accessible start page that leads to the API docs', async () => {
    await page.goto(launched.serviceUrl);
    await expectAccessible(page);
    await expectFitsPhone(page);
    await screenshot('start');
    await page.getByRole('link', { name: 'API documentation' }).click();
    expect(page.url()).toBe(`${launched.serviceUrl}/docs`);
  });

  it('shows an accessible result page when the session has no return URL', async () => {
    const start = async (referenceId: string): Promise<Session> => {
      const request = { referenceId, providers: ['GARMIN'] };
      const { status, body } = await launched.api<Session>('POST', '/v1/connect-sessions', request);
      expect(status).toBe(201);
      return body;
    };

    const connecting = await start('without-return-url');
    await page.goto(connecting.connectUrl);
    await at('consent-allow').click();
    await page.getByRole('heading', { name: 'Garmin is connected' }).waitFor();
    expect(new URL(page.url()).origin).toBe(launched.serviceUrl);
    await expectAccessible(page);
    await screenshot('8-result');
    await page.emulateMedia({ colorScheme: 'dark' });
    await screenshot('8-result-dark');
    await page.setViewportSize({ width: 360, height: 640 });
    await screenshot('8-result-phone');
    await page.reload();
    await page.getByRole('heading', { name: 'Garmin is connected' }).waitFor();
    expect(await session(connecting.id)).toMatchObject({ status: 'completed' });

    const cancelling = await start('without-return-url-2');
    await page.goto(cancelling.connectUrl);
    await at('consent-deny').click();
    await page.getByRole('heading', { name: 'You cancelled' }).waitFor();
    await expectAccessible(page);
    await screenshot('9-result-cancelled');
    expect(await session(cancelling.id)).toMatchObject({ status: 'cancelled', connections: [] });
    expect(pageErrors).toEqual([]);

    await page.goto(cancelling.connectUrl);
    await expectAccessible(page);
    await screenshot('9-link-used');
  });

  it("plays a scenario from the sandbox's accessible page, but not on the Enter key", async () => {
    await page.goto(launched.sandboxUrl);
    await page.getByLabel('Reference id of the end user').fill('played-1');
    await page.getByLabel('Reference id of the end user').press('Enter');
    await page.locator('summary', { hasText: 'End users reconnect' }).click();
    await page.getByRole('button', { name: 'Play reauth', exact: true }).click();
    await at('scenario-played').waitFor();
    expect(new URL(page.url()).pathname).toBe('/');
    expect(await at('scenario-played').innerText()).toBe(
      'Played reauth for played-1 (GARMIN). Changed switches: none. Created Terra users: 2. ' +
        'Created webhooks: auth, auth, user_reauth.',
    );
    await expectAccessible(page);
    await screenshot('sandbox');
    const isConnected = async (): Promise<boolean> =>
      (await connections()).some(
        ({ referenceId, status }) => referenceId === 'played-1' && status === 'active',
      );
    expect(await becomesTrue(isConnected, 10_000)).toBe(true);
    await page.getByRole('button', { name: 'End scenario' }).click();
    await at('scenario-played').waitFor({ state: 'detached' });
    expect(pageErrors).toEqual([]);
  });

  it('serves its API docs without requests to any other origin', async () => {
    const origins = new Set<string>();
    page.on('request', (request) => {
      const { origin, protocol } = new URL(request.url());
      if (protocol !== 'data:') origins.add(origin);
    });
    await page.goto(`${launched.serviceUrl}/docs`, { waitUntil: 'networkidle' });
    await page.locator('.opblock').first().waitFor();

    const openApi = (await (await fetch(`${launched.serviceUrl}/openapi.json`)).json()) as {
      paths: Record<string, object>;
    };
    const operations = Object.values(openApi.paths).flatMap((path) => Object.keys(path)).length;
    expect(operations).toBeGreaterThan(10);
    expect(await page.locator('.opblock').count()).toBe(operations);
    await page.getByRole('button', { name: 'POST /v1/connect-sessions', exact: false }).first().click();
    await page.locator('.opblock.is-open').waitFor();
    await screenshot('docs');
    expect([...origins]).toEqual([launched.serviceUrl]);
    expect(pageErrors).toEqual([]);
  });
});
