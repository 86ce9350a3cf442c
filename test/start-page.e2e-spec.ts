import { asksForHtml } from '../src/app.start-page';
import { VERSION } from '../src/version';
import { freePort, startTestApp, type TestApp } from './support/app';
import { sendRaw } from './support/raw-http';

const AS_BROWSER = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' };

describe('GET /', () => {
  let service: TestApp;
  beforeAll(async () => (service = await startTestApp()));
  afterAll(() => service.close());

  it('is a page for browsers that says what this is and where to go', async () => {
    const answer = await fetch(service.url, { headers: AS_BROWSER });
    const page = await answer.text();
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(answer.headers.get('vary')).toContain('Accept');
    expect(answer.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(page).toContain('<h1>Terra Connect</h1>');
    expect(page).toContain('If an app has sent you here, go back to the app');
    expect(page).toContain(`Version ${VERSION}`);
    const links = [...page.matchAll(/href="([^"]+)"/g)].map(([, link]) => link ?? '');
    expect(links).toEqual(
      ['docs', 'openapi.json', 'asyncapi.json', 'health/ready'].map((path) => `${service.url}/${path}`),
    );
    for (const link of links) expect((await fetch(link)).status).toBe(200);
  });

  it('is JSON for programs, without a key', async () => {
    const answer = await fetch(service.url);
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(await answer.json()).toEqual({
      name: 'Terra Connect',
      version: VERSION,
      docs: `${service.url}/docs`,
      openapi: `${service.url}/openapi.json`,
      asyncapi: `${service.url}/asyncapi.json`,
      health: `${service.url}/health/ready`,
    });
    const head = await fetch(service.url, { method: 'HEAD', headers: AS_BROWSER });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  it('accepts no other method, and no path below it', async () => {
    expect((await fetch(service.url, { method: 'POST' })).status).toBe(404);
    expect((await fetch(`${service.url}/index.html`)).status).toBe(404);
  });

  it.each([
    ['text/html', true],
    ['application/json, TEXT/HTML; charset=utf-8; q=0.5', true],
    ['text/html;q=0', false],
    ['text/html; q=0.000, */*', false],
    ['*/*', false],
    ['application/json', false],
    [undefined, false],
  ])('reads Accept: %s', (accept, isPage) => {
    expect(asksForHtml(accept)).toBe(isPage);
  });
});

describe('T-21: GET / with MANAGEMENT_PORT', () => {
  let service: TestApp;
  let management: string;
  beforeAll(async () => {
    const port = await freePort();
    management = `http://127.0.0.1:${port}`;
    service = await startTestApp({ MANAGEMENT_PORT: String(port) });
  });
  afterAll(() => service.close());

  it('on the main port, names neither the version nor an address', async () => {
    const page = await sendRaw(service.url, '/', { headers: AS_BROWSER });
    expect(page.status).toBe(200);
    expect(page.text).toContain('This service connects wearables to apps.');
    expect(page.text).not.toMatch(/href|Version/);
    expect((await sendRaw(service.url, '/')).json).toEqual({ name: 'Terra Connect' });
  });

  it('on the management port, leads to what this port serves', async () => {
    const { json } = await sendRaw(management, '/');
    expect(json).toEqual({
      name: 'Terra Connect',
      version: VERSION,
      docs: '/docs',
      openapi: '/openapi.json',
      asyncapi: '/asyncapi.json',
      health: '/health/ready',
    });
    for (const path of ['/docs', '/openapi.json', '/asyncapi.json', '/health/ready'])
      expect((await sendRaw(management, path)).status).toBeLessThan(400);
  });
});
