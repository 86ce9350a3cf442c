import type { Browser, Locator, Page } from 'playwright-core';
import { startChromium } from './chromium';
import { launch, type Launched } from './launched';

interface Operation {
  operationId: string;
  responses: Record<string, { description: string }>;
}

let browser: Browser;
let launched: Launched;
let page: Page;

beforeAll(async () => {
  browser = await startChromium();
  launched = await launch({});
});

afterAll(async () => {
  await browser?.close();
  await launched?.stop();
});

beforeEach(async () => {
  page = await (await browser.newContext()).newPage();
  page.setDefaultTimeout(15_000);
  await open();
});

afterEach(() => page?.context().close());

// Runs in the page. It is a string, because this repository compiles without the DOM types.
const TOO_WIDE = `(() => {
  const width = document.documentElement.clientWidth;
  // Swagger UI's style makes the root element a scroll container, too.
  const scrolls = (element) =>
    element !== document.body && (/auto|scroll|hidden/.test(getComputedStyle(element).overflowX) || scrolls(element.parentElement));
  const found = [...document.body.querySelectorAll('*')]
    .filter((element) => element.getBoundingClientRect().right > width + 0.5 && !scrolls(element.parentElement))
    .map((element) => element.tagName + '.' + element.getAttribute('class') + ' to ' + element.getBoundingClientRect().right);
  return document.documentElement.scrollWidth > width ? ['the page scrolls', ...found] : found;
})()`;

const open = async (): Promise<void> => {
  await page.goto(`${launched.serviceUrl}/docs`);
  await page.locator('.opblock').first().waitFor();
};

const authorize = async (): Promise<void> => {
  await page.getByRole('button', { name: 'Authorize' }).first().click();
  const dialog = page.locator('.modal-ux');
  await dialog.getByRole('textbox').fill(launched.apiKey);
  await dialog.getByRole('button', { name: 'Apply credentials' }).click();
  await dialog.getByRole('button', { name: 'Close' }).first().click();
};

const operations = async (): Promise<Operation[]> => {
  const response = await fetch(`${launched.serviceUrl}/openapi.json`);
  const { paths } = (await response.json()) as { paths: Record<string, Record<string, Operation>> };
  return Object.values(paths).flatMap((path) => Object.values(path));
};

const blockOf = (operationId: string): Locator => page.locator(`.opblock[id$="-${operationId}"]`);

/** Opens the operation and makes its fields editable. */
const openOperation = async (operationId: string): Promise<Locator> => {
  const block = blockOf(operationId);
  await block.locator('.opblock-summary-control').dispatchEvent('click');
  await block.getByRole('button', { name: 'Try it out' }).dispatchEvent('click');
  await block.getByRole('button', { name: 'Execute' }).waitFor();
  return block;
};

// Each open operation makes every later step slower.
const closeOperation = (operationId: string): Promise<void> =>
  blockOf(operationId).locator('.opblock-summary-control').dispatchEvent('click');

/** Sends the request as Swagger UI has filled it in. */
const execute = async (operationId: string): Promise<{ status: string; body: string }> => {
  const block = await openOperation(operationId);
  await block.getByRole('button', { name: 'Execute' }).dispatchEvent('click');
  const answer = block.locator('.live-responses-table tbody .response').first();
  await answer.waitFor();
  const status = (await answer.locator('.response-col_status').innerText()).split('\n')[0] ?? '';
  return { status: status.trim(), body: await answer.locator('.response-col_description').innerText() };
};

it('runs every operation with the printed key and the prefilled values, or the page says why it is refused', async () => {
  await authorize();
  const unexplained: string[] = [];
  for (const { operationId, responses } of await operations()) {
    const { status, body } = await execute(operationId);
    const shown = blockOf(operationId).locator(
      `.responses-table:not(.live-responses-table) [data-code="${status}"]`,
    );
    const code = /"code": "([a-z_.]+)"/.exec(body)?.[1];
    const explanation = (await shown.count()) === 1 ? await shown.innerText() : '';
    const explains = code === undefined ? /A page\. .+/.test(explanation) : explanation.includes(`${code} `);
    const isFine = /^2\d\d$/.test(status) || (responses[status] !== undefined && explains);
    if (!isFine) unexplained.push(`${operationId}: ${status} ${body}`);
    await closeOperation(operationId);
  }
  expect(unexplained).toEqual([]);
}, 240_000);

it('starts neither a sweep nor a replay with the prefilled values, but shows what they would do', async () => {
  await authorize();
  for (const operationId of ['Sweeps_start', 'WebhookEvents_replay']) {
    const { status, body } = await execute(operationId);
    expect(status).toMatch(/^20[02]$/);
    expect(body).toContain('"dryRun": true');
  }
});

it('keeps the key when the page is loaded again', async () => {
  await authorize();
  await page.reload();
  expect((await execute('Providers_list')).status).toBe('200');
});

it('fits on a phone, with each operation open', async () => {
  await page.setViewportSize({ width: 375, height: 667 });
  const tooWide: string[] = [];
  for (const { operationId } of await operations()) {
    await openOperation(operationId);
    const found = await page.evaluate<string[]>(TOO_WIDE);
    tooWide.push(...found.map((element) => `${operationId}: ${element}`));
    await closeOperation(operationId);
  }
  expect(tooWide.slice(0, 20)).toEqual([]);
}, 240_000);
