import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { ADMIN_KEY, startTestApp, type TestApp } from './support/app';
import { refusal } from './support/refusals';
import { sendRaw } from './support/raw-http';
import { nowInSeconds, postWebhook, signatureHeader } from './support/webhooks';

const MEGABYTE = 1024 * 1024;
const BUDGET_MB = 16;

describe('T-21: the work that a stranger can cause is bounded', () => {
  let service: TestApp;
  const calls: ClientRequest[] = [];
  beforeAll(
    async () => (service = await startTestApp({ BODY_BUDGET_MB: String(BUDGET_MB), MAX_CONNECTIONS: '60' })),
  );
  afterEach(() => {
    for (const call of calls.splice(0)) call.destroy();
  });
  afterAll(() => service.close());

  /** Sends only the headers of a request, and then what the test writes. */
  const begin = (path: string, headers: Record<string, string | number>): ClientRequest => {
    const call = request(`${service.url}${path}`, { method: 'POST', agent: false, headers });
    calls.push(call);
    call.on('error', () => undefined);
    call.flushHeaders();
    return call;
  };
  const statusOf = async (call: ClientRequest): Promise<number | undefined> => {
    const [response] = (await once(call, 'response')) as [IncomingMessage];
    response.resume();
    return response.statusCode;
  };
  const forged = (at: number = nowInSeconds()) => ({ 'X-Terra-Signature': `t=${at},v1=${'0'.repeat(64)}` });
  const heldBytes = async (): Promise<number> => {
    const { text } = await sendRaw(service.url, '/metrics');
    return Number(/^terra_connect_request_body_bytes (\d+)$/m.exec(text)?.[1]);
  };
  const eventually = async (holds: () => Promise<boolean>): Promise<void> => {
    while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 10));
  };
  const auth = () => ({
    type: 'auth',
    status: 'success',
    user: { user_id: randomUUID(), provider: 'GARMIN', reference_id: randomUUID() },
  });

  describe('the body of a forged webhook is not read', () => {
    it.each<[string, number, Record<string, string | number>]>([
      [
        'its signature has another form',
        401,
        { 'X-Terra-Signature': 'v1=0', 'Content-Length': 15 * MEGABYTE },
      ],
      [
        'its time is 20 years old',
        401,
        { ...forged(nowInSeconds() - 20 * 31_556_952), 'Content-Length': 15 * MEGABYTE },
      ],
      ['its time is tomorrow', 401, { ...forged(nowInSeconds() + 86_400), 'Content-Length': 15 * MEGABYTE }],
      ['its time is old and its length unknown', 401, { ...forged(1), 'Transfer-Encoding': 'chunked' }],
      ['its length is above the limit', 413, { ...forged(), 'Content-Length': 15 * MEGABYTE + 1 }],
    ])('if %s', async (_case, status, headers) => {
      const call = begin('/webhooks/terra', headers);
      expect(await statusOf(call)).toBe(status);
      // The service does not wait for the body either: it closes the connection.
      await once(call, 'close');
    });

    it('and such a time counts as stale, and not as the time of a clock that is wrong', async () => {
      const { text } = await sendRaw(service.url, '/metrics');
      expect(text).toMatch(/webhook_rejections_total\{cause="stale_unverified"\} [1-9]/);
      expect(text).not.toContain('cause="too_old"');
    });
  });

  describe('while bodies use up their memory', () => {
    let holder: ClientRequest;
    const fill = async (): Promise<void> => {
      holder = begin('/webhooks/terra', { ...forged(), 'Content-Length': 15 * MEGABYTE });
      holder.write(Buffer.alloc(15 * MEGABYTE - 1));
      await eventually(async () => (await heldBytes()) > 14 * MEGABYTE);
    };
    const large = Buffer.from(JSON.stringify({ type: 'daily', padding: 'x'.repeat(2 * MEGABYTE) }));
    const tooMany = { status: 503, json: { code: 'request.too_many_bodies' } };

    it('a further large body gets 503 with Retry-After, by its length or as soon as it is too much', async () => {
      await fill();
      const answer = await postWebhook(service, large);
      expect(answer).toMatchObject(tooMany);
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
      const chunked = await postWebhook(service, large, { headers: { 'Transfer-Encoding': 'chunked' } });
      expect(chunked).toMatchObject(tooMany);
      expect(chunked.headers.connection).toBe('close');
      // The budget is one for all routes.
      holder.destroy();
      await eventually(async () => (await heldBytes()) === 0);
      expect((await postWebhook(service, large)).status).toBe(200);
    });

    it('a small webhook and a small request are served as always', async () => {
      await fill();
      for (let times = 0; times < 20; times += 1) {
        expect((await postWebhook(service, auth())).status).toBe(200);
        const session = await service.api('POST', '/v1/connect-sessions', {
          body: { referenceId: randomUUID() },
        });
        expect(session.status).toBe(201);
      }
    });

    it('a request with a large JSON body gets 503 as well', async () => {
      await fill();
      const second = begin('/v1/connect-sessions', {
        'Content-Type': 'application/json',
        'Content-Length': MEGABYTE,
      });
      second.write(Buffer.alloc(MEGABYTE - 1));
      await eventually(async () => (await heldBytes()) > 15.9 * MEGABYTE);
      const body = JSON.stringify({ referenceId: 'a', metadata: { a: 'x'.repeat(MEGABYTE / 2) } });
      expect(await refusal(service, 'POST', '/v1/connect-sessions', { body })).toMatchObject(tooMany.json);
    });
  });

  it('32 forged bodies of 15 MB at the same time never hold more than the budget', async () => {
    const body = Buffer.alloc(15 * MEGABYTE, 'x');
    let most = 0;
    const answers = Array.from({ length: 32 }, () =>
      postWebhook(service, body, { signature: signatureHeader('other'), traceId: null }),
    );
    let ended = false;
    const all = Promise.allSettled(answers).finally(() => (ended = true));
    while (!ended) most = Math.max(most, await heldBytes());
    // A client that still writes may see the end of its connection before the answer.
    const statuses = (await all).map((answer) => (answer.status === 'fulfilled' ? answer.value.status : 503));
    expect(new Set(statuses)).toEqual(new Set([401, 503]));
    expect(most).toBeLessThanOrEqual(BUDGET_MB * MEGABYTE);
    await eventually(async () => (await heldBytes()) === 0);
  }, 60_000);

  it.each([
    ['/webhooks/terra', MEGABYTE],
    ['/webhooks/terra', 1_000],
    ['/v1/connect-sessions', MEGABYTE],
    ['/v1/connect-sessions', 1_000],
  ])(
    'a client of %s that goes away inside its body of %i bytes is no failure of the service',
    async (path, length) => {
      const logged = service.log.length;
      const call = begin(path, { ...forged(), 'Content-Type': 'application/json', 'Content-Length': length });
      call.write('x'.repeat(length - 1));
      const server = service.app.getHttpServer();
      const [socket] = (await once(server, 'connection')) as [Socket];
      await service.api('GET', '/health/live');
      call.destroy();
      // Not `once` of node:events: it rejects when the parser reports the end inside the body.
      await new Promise((resolve) => socket.once('close', resolve));
      await service.api('GET', '/health/live');
      expect(service.log.slice(logged).join('')).not.toContain('request.failed');
    },
  );

  it('above MAX_CONNECTIONS, a connection is closed at once', async () => {
    const refused = Array.from({ length: 100 }, () =>
      begin('/webhooks/terra', { ...forged(), 'Content-Length': 1 }),
    );
    const closed = refused.map(async (call) => once(call, 'close').catch(() => undefined));
    await Promise.all(closed.slice(70));
    for (const call of calls.splice(0)) call.destroy();
    await eventually(
      async () => (await sendRaw(service.url, '/health/live').catch(() => null))?.status === 200,
    );
    const { text } = await sendRaw(service.url, '/metrics');
    expect(text).toMatch(/connections_refused_total\{limit="all"\} [1-9]/);
  });

  describe('a request is rejected soon and shortly', () => {
    const cpuSeconds = async (work: () => Promise<unknown>): Promise<number> => {
      const before = process.cpuUsage();
      await work();
      const { user, system } = process.cpuUsage(before);
      return (user + system) / 1_000_000;
    };
    const members = (count: number, value: string): string =>
      Array.from({ length: count }, (_, index) => `"${index.toString(36)}":${value}`).join();

    it.each([
      ['100,000 unknown members', `{"referenceId":"u",${members(100_000, '1')}}`],
      ['4,900 unknown members', `{"referenceId":"u",${members(4_900, '1')}}`],
      ['members with deep values', `{"referenceId":"u",${members(20_000, '[[[[[[[[[[{}]]]]]]]]]]')}}`],
      ['a list of 200,000 values', `{"referenceId":"u","providers":[${'1,'.repeat(200_000)}1]}`],
      ['a list of empty lists', `{"referenceId":"u","metadata":{"a":[${'[],'.repeat(200_000)}[]]}}`],
      ['a member with a name of a megabyte', `{"referenceId":"u","${'m'.repeat(MEGABYTE - 100)}":1}`],
    ])('with %s', async (_case, body) => {
      let answer: { text: string; status: number } | undefined;
      const post = async (): Promise<unknown> =>
        (answer = await sendRaw(service.url, '/v1/connect-sessions', {
          method: 'POST',
          headers: { 'content-type': 'application/json', authorization: `Bearer ${ADMIN_KEY}` },
          body,
        }));
      expect(await cpuSeconds(post)).toBeLessThan(2);
      expect(answer?.status).toBe(422);
      expect(answer?.text.length).toBeLessThan(10_000);
    });

    it('with 4,900 unknown members in an inner object', async () => {
      const body = `{"filter":{${members(4_900, '1')}}}`;
      let problem: { errors?: unknown[] } = {};
      const post = async (): Promise<unknown> =>
        (problem = await refusal(service, 'POST', '/v1/webhook-events/replay', { body }));
      expect(await cpuSeconds(post)).toBeLessThan(2);
      expect(problem.errors).toHaveLength(32);
    });
  });
});
