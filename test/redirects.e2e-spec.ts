import { randomUUID } from 'node:crypto';
import { RETURN_URL, startTestApp, type TestApp } from './support/app';
import {
  connectionsOf,
  newReference,
  readSession,
  redirectUrlOf,
  shiftClock,
  startSession,
  stateOf,
  visit,
} from './support/flow';
import { cancelInWidget, connectThroughWidget } from './support/sandbox';

describe('The redirects to the widget and back', () => {
  let service: TestApp;
  beforeAll(async () => (service = await startTestApp()));
  beforeEach(() => service.sandbox.reset());
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => service.close());

  /** A session whose end user has agreed at Garmin; the browser has not followed the callback URL yet. */
  const beforeCallback = async (body: Record<string, unknown> = {}) => {
    const session = await startSession(service, { returnUrl: RETURN_URL, ...body });
    const callbackUrl = await connectThroughWidget(session.widgetUrl, { provider: 'GARMIN' });
    return { session, callbackUrl };
  };
  const redirectStatus = (response: Response): string | null => {
    expect(response.status).toBe(303);
    return new URL(response.headers.get('location') ?? '').searchParams.get('status');
  };
  const expectPage = async (response: Response, status: number, title: string): Promise<string> => {
    const text = await response.text();
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(text).toContain(`<h1>${title}</h1>`);
    return text;
  };

  describe('T-17: the nonce in the redirect URL', () => {
    it('is used up by one of twenty concurrent visits, and each visit is redirected', async () => {
      const { session, callbackUrl } = await beforeCallback();
      const answers = await Promise.all(Array.from({ length: 20 }, () => visit(callbackUrl)));
      expect(answers.every(({ status }) => status === 303)).toBe(true);
      const asked = service.sandbox.requests.filter(({ path }) => path.endsWith('/userInfo'));
      expect(asked).toHaveLength(1);
      expect(await connectionsOf(service, session.referenceId)).toHaveLength(1);
      expect((await readSession(service, session.id)).status).toBe('completed');
    });

    it('changes nothing when the browser reloads the page or goes back to it', async () => {
      const { session, callbackUrl } = await beforeCallback();
      expect(redirectStatus(await visit(callbackUrl))).toBe('connected');
      const before = await stateOf(service);
      for (let reload = 0; reload < 3; reload += 1)
        expect(redirectStatus(await visit(callbackUrl))).toBe('connected');
      expect(await stateOf(service)).toEqual(before);
      expect((await readSession(service, session.id)).connections).toHaveLength(1);
    });

    it('does not undo a connection when the used nonce comes back on the failure URL', async () => {
      const { session, callbackUrl } = await beforeCallback();
      await visit(callbackUrl);
      const before = await stateOf(service);
      const failure = redirectUrlOf(service, session.referenceId, 'failure');
      expect(redirectStatus(await visit(`${failure}?reason=access_denied`))).toBe('connected');
      expect(await stateOf(service)).toEqual(before);
    });

    it('does not connect a cancelled session when the used nonce comes back on the success URL and Terra does not confirm it', async () => {
      const session = await startSession(service, { returnUrl: RETURN_URL });
      await visit(await cancelInWidget(session.widgetUrl, { provider: 'GARMIN' }));
      const { userId } = service.sandbox.account.connect({
        provider: 'GARMIN',
        referenceId: newReference(),
      });
      const success = redirectUrlOf(service, session.referenceId, 'success');
      expect(redirectStatus(await visit(`${success}?user_id=${userId}`))).toBe('cancelled');
      expect(await connectionsOf(service, session.referenceId)).toEqual([]);
      await service.drainWebhooks();
    });

    it('counts for one success after a failure, because the widget lets the end user try again', async () => {
      const session = await startSession(service, { returnUrl: RETURN_URL });
      await visit(await cancelInWidget(session.widgetUrl, { provider: 'GARMIN' }));
      service.sandbox.behaviour.webhooks = 'off';
      const { referenceId } = session;
      const { userId } = service.sandbox.account.connect({ provider: 'GARMIN', referenceId });
      const success = `${redirectUrlOf(service, referenceId, 'success')}?user_id=${userId}`;
      for (let time = 0; time < 3; time += 1) expect(redirectStatus(await visit(success))).toBe('connected');
      const asked = service.sandbox.requests.filter(({ path }) => path.endsWith('/userInfo'));
      expect(asked).toHaveLength(1);
      expect(await readSession(service, session.id)).toMatchObject({
        status: 'completed',
        failureReason: null,
        connections: [{ terraUserId: userId }],
      });
    });

    it('is not used up by a HEAD request, which chat programs and proxies send first', async () => {
      const { session, callbackUrl } = await beforeCallback();
      const before = await stateOf(service);
      const callback = await visit(callbackUrl, { method: 'HEAD' });
      expect(callback.status).toBe(303);
      expect(redirectStatus(callback)).toBe('pending');
      const link = await visit(session.connectUrl, { method: 'HEAD' });
      expect(link.status).toBe(302);
      expect(link.headers.get('location')).toBe(session.widgetUrl);
      expect(await stateOf(service)).toEqual({ ...before, webhook_events: expect.any(String) as unknown });
      expect(redirectStatus(await visit(callbackUrl))).toBe('connected');
    });

    it.each(['', 'x', '%00', '..%2f..', 'a'.repeat(2_000), randomUUID()])(
      'gets a page and changes nothing when it is unknown (%p)',
      async (nonce) => {
        if (nonce === '') return;
        const before = await stateOf(service);
        for (const outcome of ['success', 'failure']) {
          const url = `${service.url}/connect/return/${nonce}/${outcome}?user_id=x&reference_id=y`;
          await expectPage(await visit(url), 404, 'This link does not work');
        }
        expect(await stateOf(service)).toEqual(before);
      },
    );

    it('works until an hour after the session expires, because the end user may still be at the provider', async () => {
      const { session, callbackUrl } = await beforeCallback();
      const lifetime = (Date.parse(session.expiresAt) - Date.now()) / 1_000;
      shiftClock(service, lifetime + 3_660);
      const page = await visit(callbackUrl);
      await expectPage(page, 410, 'This link has expired');
      expect(await connectionsOf(service, session.referenceId)).toEqual([]);
      shiftClock(service, lifetime + 3_000);
      expect(redirectStatus(await visit(callbackUrl))).toBe('connected');
    });
  });

  describe('the connect URL', () => {
    it('redirects to the widget on every visit until the session ends', async () => {
      const session = await startSession(service, { returnUrl: RETURN_URL });
      for (let time = 0; time < 3; time += 1) {
        const answer = await visit(session.connectUrl);
        expect(answer.status).toBe(302);
        expect(answer.headers.get('location')).toBe(session.widgetUrl);
        expect(answer.headers.get('cache-control')).toBe('no-store');
        expect(answer.headers.get('referrer-policy')).toBe('no-referrer');
      }
      await visit(await connectThroughWidget(session.widgetUrl, { provider: 'GARMIN' }));
      await expectPage(await visit(session.connectUrl), 410, 'This link has been used');
    });

    it('says that it has expired when the session was not finished in time', async () => {
      const session = await startSession(service);
      await visit(session.connectUrl);
      shiftClock(service, (Date.parse(session.expiresAt) - Date.now()) / 1_000 + 1);
      const before = await stateOf(service);
      await expectPage(await visit(session.connectUrl), 410, 'This link has expired');
      expect(await readSession(service, session.id)).toMatchObject({ status: 'expired', connectUrl: null });
      expect(await stateOf(service)).toEqual(before);
    });

    it('does not work when Terra has never created the widget session', async () => {
      Object.assign(service.sandbox.behaviour, { failWith: [400], faultsOnlyOn: '/widget/session' });
      await service.api('POST', '/v1/connect-sessions', { body: { referenceId: 'never-started' } });
      const [row] = await service.query<{ connect_token: string }>(
        `SELECT connect_token FROM terra_connect.connect_sessions ORDER BY id DESC LIMIT 1`,
      );
      const page = await visit(`${service.url}/connect/${row?.connect_token}`);
      await expectPage(page, 404, 'This link does not work');
    });

    it.each(['x', '%00', '%E2%80%AE', "'--", 'a'.repeat(2_000), '%3Cscript%3Ealert(1)%3C%2Fscript%3E'])(
      'gets a page that repeats nothing of it when it is unknown (%p)',
      async (token) => {
        const text = await expectPage(
          await visit(`${service.url}/connect/${token}`),
          404,
          'This link does not work',
        );
        expect(text).not.toContain('alert(1)');
        expect(text).toContain('choose &#34;Connect&#34; again');
      },
    );
  });

  describe('T-27: every page of the service', () => {
    it('loads nothing, runs no script, cannot be framed, is not stored and sends no referrer', async () => {
      const { id } = await startSession(service);
      const pages = await Promise.all([
        visit(`${service.url}/connect/unknown`),
        visit(`${service.url}/connect/return/unknown/success`),
        visit(`${service.url}/connect/result?session_id=${id}`),
        visit(`${service.url}/connect/result?session_id=unknown`),
      ]);
      for (const { headers } of pages) {
        const policy = headers.get('content-security-policy');
        expect(policy).toContain("default-src 'none'");
        expect(policy).toContain("frame-ancestors 'none'");
        expect(policy).toContain("base-uri 'none'");
        expect(policy).not.toMatch(/unsafe|script-src|\*/);
        expect(headers.get('x-frame-options')).toBe('DENY');
        expect(headers.get('referrer-policy')).toBe('no-referrer');
        expect(headers.get('cache-control')).toBe('no-store');
        expect(headers.get('x-content-type-options')).toBe('nosniff');
      }
      for (const page of pages) {
        const text = await page.text();
        expect(text).toMatch(/<html lang="en">[\s\S]*<title>[^<]+<\/title>[\s\S]*<main[\s\S]*<h1>/);
        expect(text).not.toMatch(/<script|<img|<link|<iframe|<form|javascript:|https?:\/\//i);
      }
    });
  });

  it('report the connection when the webhook arrives before the browser', async () => {
    const { session, callbackUrl } = await beforeCallback();
    await service.drainWebhooks();
    expect(await connectionsOf(service, session.referenceId)).toHaveLength(1);
    expect(redirectStatus(await visit(callbackUrl))).toBe('connected');
    expect(await connectionsOf(service, session.referenceId)).toHaveLength(1);
  });

  it("connect the end user's account, whatever reference the callback parameters claim", async () => {
    const referenceId = newReference();
    const { session, callbackUrl } = await beforeCallback({ referenceId });
    callbackUrl.searchParams.set('reference_id', 'null');
    callbackUrl.searchParams.set('resource', 'OURA');
    expect(redirectStatus(await visit(callbackUrl))).toBe('connected');
    expect((await readSession(service, session.id)).connections).toMatchObject([
      { referenceId, provider: 'GARMIN' },
    ]);
  });
});
