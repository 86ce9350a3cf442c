import { callApi, startTestApp, type TestApp } from './support/app';
import { startSession, stateOf } from './support/flow';
import { startPathProxy, type PathProxy } from './support/path-proxy';
import { postWebhook } from './support/webhooks';

describe('Behind a proxy that serves the service below a path and normalises URLs', () => {
  let proxy: PathProxy;
  let service: TestApp;
  beforeAll(async () => {
    proxy = await startPathProxy('/terra-connect');
    service = await startTestApp({ PUBLIC_URL: proxy.url });
    proxy.forwardTo(service.url);
  });
  afterAll(async () => {
    await service.close();
    await proxy.close();
  });

  const connect = async (referenceId: string): Promise<void> => {
    service.sandbox.account.connect({ provider: 'GARMIN', referenceId });
    await service.drainWebhooks();
  };
  const throughProxy = <Body>(method: string, path: string) => callApi<Body>(proxy.url, method, path);
  const erasures = (): Promise<{ referenceId: string }[]> =>
    service.query(`SELECT reference_id AS "referenceId" FROM terra_connect.erasures ORDER BY requested_at`);

  it('the OpenAPI document names the public URL, and its operations work there', async () => {
    const { body } = await throughProxy<{ servers: { url: string }[] }>('GET', '/openapi.json');
    expect(body.servers).toEqual([{ url: proxy.url }]);
    const answer = await callApi(body.servers[0]?.url ?? '', 'GET', '/v1/connections');
    expect(answer.status).toBe(200);
  });

  it('the start page names addresses below the path, with and without a slash at its end', async () => {
    for (const address of [proxy.url, `${proxy.url}/`]) {
      const json = (await (await fetch(address)).json()) as Record<string, string>;
      expect(json).toMatchObject({ docs: `${proxy.url}/docs`, health: `${proxy.url}/health/ready` });
      for (const link of [json.docs, json.openapi, json.asyncapi, json.health])
        expect((await fetch(link ?? '')).status).toBe(200);
      const page = await (await fetch(address, { headers: { accept: 'text/html' } })).text();
      const links = [...page.matchAll(/href="([^"]+)"/g)].map(([, link]) => link);
      expect(links).toEqual([json.docs, json.openapi, json.asyncapi, json.health]);
    }
  });

  it.each(['/docs', '/docs/'])('Swagger UI at %s loads its files and calls the public URL', async (path) => {
    const page = await fetch(`${proxy.url}${path}`);
    const html = await page.text();
    const files = [...html.matchAll(/(?:src|href)=["']([^"']+\.(?:js|css))["']/g)].map(([, file]) => file);
    expect(files.length).toBeGreaterThan(3);
    for (const file of files) expect((await fetch(new URL(file ?? '', page.url))).status).toBe(200);
    const init = files.find((file) => file?.includes('swagger-ui-init.js'));
    expect(await (await fetch(new URL(init ?? '', page.url))).text()).toContain(`"url": "${proxy.url}"`);
  });

  describe('a reference id with a slash', () => {
    it('does not arrive in a path, and arrives in the query of every route about one end user', async () => {
      const referenceId = 'clinic/4711';
      await connect(referenceId);
      const inPath = `/v1/end-users/${encodeURIComponent(referenceId)}`;
      const routes = [
        ['GET', '/diagnosis', 200],
        ['GET', '/export', 200],
        ['POST', '/reconcile', 200],
        ['POST', '/sdk-tokens', 201],
        ['DELETE', '', 202],
      ] as const;
      for (const [method, action, status] of routes) {
        expect((await throughProxy(method, `${inPath}${action}`)).status).toBe(404);
        const query = new URLSearchParams({ referenceId }).toString();
        const answer = await throughProxy(method, `/v1/end-users${action}?${query}`);
        expect(answer.status).toBe(status);
        if (action === '/export' || action === '/sdk-tokens')
          expect(answer.body).toMatchObject({ referenceId });
      }
      expect(await erasures()).toMatchObject([{ referenceId }]);
    });

    it('at its end never leads to the erasure of another end user', async () => {
      await connect('ward');
      await connect('ward/');
      const before = await stateOf(service);
      const wrong = await throughProxy('DELETE', `/v1/end-users/${encodeURIComponent('ward/')}`);
      expect(wrong).toMatchObject({ status: 422, body: { code: 'request.invalid' } });
      expect(await stateOf(service)).toEqual(before);
      const right = await throughProxy('DELETE', '/v1/end-users?referenceId=ward%2F');
      expect(right.status).toBe(202);
      expect((await erasures()).at(-1)).toEqual({ referenceId: 'ward/' });
    });
  });

  describe('a reference id that a proxy or a client changes', () => {
    const CHANGED: [string, string][] = [
      ['.', '"." or ".."'],
      ['..', '"." or ".."'],
      ['a/../b', '"." or ".."'],
      ['a\\..\\b', '"." or ".."'],
      ['./a', '"." or ".."'],
      ['a/.', '"." or ".."'],
      ['/a', 'slash'],
      ['a/', 'slash'],
      ['a//b', '//'],
      [' a', 'white space'],
      ['a ', 'white space'],
      ['\u00a0a', 'white space'],
      ['a\u3000', 'white space'],
      ['a\u2028', 'white space'],
      ['\uFEFFa', 'white space'],
      ['Zo\uFFFD', 'U+FFFD'],
    ];

    it.each(CHANGED)('is rejected for a new session and a new SDK token: %j', async (referenceId, reason) => {
      const body = { referenceId };
      const session = await service.api('POST', '/v1/connect-sessions', { body });
      const query = new URLSearchParams({ referenceId }).toString();
      const token = await service.api('POST', `/v1/end-users/sdk-tokens?${query}`);
      for (const answer of [session, token]) {
        const detail = expect.stringContaining(reason) as unknown;
        expect(answer).toMatchObject({ status: 422, body: { errors: [{ field: 'referenceId', detail }] } });
      }
    });

    it('can still be read and erased when an older version has stored it', async () => {
      for (const [referenceId] of CHANGED) {
        await postWebhook(service, {
          type: 'auth',
          status: 'success',
          user: { user_id: `u-${referenceId}`, provider: 'OURA', reference_id: referenceId },
        });
      }
      await service.drainWebhooks();
      for (const [referenceId] of CHANGED) {
        const query = new URLSearchParams({ referenceId }).toString();
        const list = await throughProxy('GET', `/v1/connections?${query}`);
        expect(list.body).toMatchObject({ items: [{ referenceId }] });
        expect((await throughProxy('GET', `/v1/end-users/export?${query}`)).status).toBe(200);
        expect((await throughProxy('DELETE', `/v1/end-users?${query}`)).status).toBe(202);
      }
    });

    it.each(['a.b', '...', '.a', 'a..b', 'a/b', 'a b', 'a\\', '%2F', 'a%20b'])(
      'is not one that only looks like it: %j',
      async (referenceId) => {
        expect(await startSession(service, { referenceId })).toMatchObject({ referenceId });
      },
    );
  });

  it('a route by query needs the reference id, its scope and a key, as the route by path does', async () => {
    const missing = await throughProxy('DELETE', '/v1/end-users');
    expect(missing).toMatchObject({ status: 422, body: { errors: [{ field: 'referenceId' }] } });
    const twice = await throughProxy('DELETE', '/v1/end-users?referenceId=a&referenceId=b');
    expect(twice.status).toBe(422);
    const anonymous = await callApi(proxy.url, 'DELETE', '/v1/end-users?referenceId=a', { key: null });
    expect(anonymous.status).toBe(401);
  });
});
