import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startSampleApp, type SampleApp } from '../sample-app';

interface Answer {
  status: number;
  body?: object;
}

/** A stub replaces Terra Connect, so that these tests check only the guarantees of the app. */
describe('The sample app', () => {
  const calls: { route: string; authorization: string | undefined; body: unknown }[] = [];
  const answers = new Map<string, Answer>();
  let service: Server;
  let app: SampleApp;

  beforeAll(async () => {
    service = createServer((request, response) => {
      const route = `${request.method} ${request.url}`;
      readJson(request)
        .then((body) => {
          calls.push({ route, authorization: request.headers.authorization, body });
          const answer = answers.get(route) ?? {
            status: 404,
            body: { code: 'not_found', detail: '<b>nothing</b>' },
          };
          response.writeHead(answer.status, { 'content-type': 'application/json' });
          response.end(answer.body && JSON.stringify(answer.body));
        })
        .catch((error: unknown) => response.destroy(error as Error));
    });
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
    const { port } = service.address() as AddressInfo;
    app = await startSampleApp({ serviceUrl: `http://127.0.0.1:${port}`, apiKey: 'secret-key' });
  });
  beforeEach(() => {
    calls.length = 0;
    answers.clear();
    answers.set('GET /v1/connections?referenceId=pulse-1001', {
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
  afterAll(async () => {
    await app.close();
    service.closeAllConnections();
    await new Promise((resolve) => service.close(resolve));
  });

  const asAda = { cookie: 'pulse_user=ada' };
  const get = async (path: string, headers: Record<string, string> = asAda) => {
    const answer = await fetch(app.url + path, { headers, redirect: 'manual' });
    return { status: answer.status, page: await answer.text() };
  };
  const post = (path: string, headers: Record<string, string> = { ...asAda, origin: app.url }) =>
    fetch(app.url + path, {
      method: 'POST',
      headers,
      body: new URLSearchParams({ user: 'ada' }),
      redirect: 'manual',
    });

  it('asks who the end user is, and keeps the answer in a cookie that scripts and other sites do not get', async () => {
    expect((await get('/', {})).page).toContain('Who are you?');
    const answer = await post('/sign-in');
    expect(answer.headers.get('set-cookie')).toMatch(/^pulse_user=ada; .*HttpOnly; SameSite=Lax/);
  });

  it('lists the devices that are connected or need attention, and no disconnected ones', async () => {
    const { status, page } = await get('/');
    expect(status).toBe(200);
    expect(page).toContain('data-testid="device-GARMIN"');
    expect(page).toContain('data-testid="device-POLAR"');
    expect(page).toContain('Needs attention');
    expect(page).not.toContain('data-testid="device-OURA"');
  });

  it('starts a session for the signed-in end user, sends the browser to its connectUrl, and never shows the key', async () => {
    answers.set('POST /v1/connect-sessions', {
      status: 201,
      body: { connectUrl: 'http://service.example/connect/abc' },
    });
    const answer = await post('/connect');
    expect([answer.status, answer.headers.get('location')]).toEqual([
      303,
      'http://service.example/connect/abc',
    ]);
    expect(calls).toEqual([
      {
        route: 'POST /v1/connect-sessions',
        authorization: 'Bearer secret-key',
        body: { referenceId: 'pulse-1001', returnUrl: `${app.url}/connected` },
      },
    ]);
    expect((await get('/')).page).not.toContain('secret-key');
  });

  it.each([
    ['completed', 'Your device is connected.'],
    ['cancelled', 'You cancelled.'],
    ['failed', 'could not be connected'],
    ['expired', 'took too long'],
    ['opened', 'data-testid="check-again"'],
  ])('shows the status of the session on return, as the service reports it: %s', async (status, text) => {
    answers.set('GET /v1/connect-sessions/s1', { status: 200, body: { status, referenceId: 'pulse-1001' } });
    expect((await get('/connected?session_id=s1&status=connected')).page).toContain(text);
  });

  it("does not show the outcome of another end user's session or of an unknown session", async () => {
    answers.set('GET /v1/connect-sessions/s2', {
      status: 200,
      body: { status: 'completed', referenceId: 'pulse-1002' },
    });
    for (const query of ['session_id=s2', 'session_id=unknown', '']) {
      expect((await get(`/connected?${query}`)).page).toContain('does not belong to your account');
    }
  });

  it('disconnects a device of the signed-in end user', async () => {
    answers.set('GET /v1/connections/c1', { status: 200, body: device('c1', 'GARMIN', 'active') });
    answers.set('DELETE /v1/connections/c1', { status: 204 });
    const answer = await post('/devices/c1/disconnect');
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/?disconnected=1']);
    expect(calls.map(({ route }) => route)).toEqual(['GET /v1/connections/c1', 'DELETE /v1/connections/c1']);
  });

  it('does not disconnect a device of another end user', async () => {
    answers.set('GET /v1/connections/c9', {
      status: 200,
      body: device('c9', 'GARMIN', 'active', 'pulse-1002'),
    });
    expect((await post('/devices/c9/disconnect')).status).toBe(404);
    expect((await post('/devices/unknown/disconnect')).status).toBe(404);
    expect(calls.map(({ route }) => route)).toEqual([
      'GET /v1/connections/c9',
      'GET /v1/connections/unknown',
    ]);
  });

  it('rejects a form that another site sent', async () => {
    for (const origin of ['https://evil.example', 'null', '']) {
      const headers: Record<string, string> = origin ? { ...asAda, origin } : asAda;
      for (const path of ['/connect', '/devices/c1/disconnect', '/sign-in']) {
        expect((await post(path, headers)).status).toBe(403);
      }
    }
    expect(calls).toEqual([]);
  });

  it('says that the service is unavailable, and still shows its page', async () => {
    answers.set('GET /v1/connections?referenceId=pulse-1001', { status: 503, body: {} });
    const { status, page } = await get('/');
    expect(status).toBe(503);
    expect(page).toContain('not available right now');
    expect(page).toContain('data-testid="connect-device"');

    answers.set('POST /v1/connect-sessions', { status: 502, body: {} });
    const connect = await post('/connect');
    expect([connect.status, await connect.text()]).toEqual([
      503,
      expect.stringContaining('not available right now'),
    ]);
  });

  it("escapes the service's error texts", async () => {
    const answer = await post('/connect');
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
    terraUserId: 't',
    scopes: [],
    connectedAt: '2026-11-20T08:00:00Z',
  };
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return chunks.length > 0 ? JSON.parse(Buffer.concat(chunks).toString()) : undefined;
}
