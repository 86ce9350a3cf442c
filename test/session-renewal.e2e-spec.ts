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
  type SessionAnswer,
} from './support/flow';
import { connectThroughWidget } from './support/sandbox';

type Renewable = SessionAnswer & {
  renewableUntil: string | null;
  renewedFrom: string | null;
  renewedBy: string | null;
};
const DAY = 86_400;

describe('The link of a renewable session', () => {
  let service: TestApp;
  beforeAll(async () => (service = await startTestApp()));
  beforeEach(() => service.sandbox.reset());
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => service.close());

  const start = (body: Record<string, unknown> = {}): Promise<Renewable> =>
    startSession(service, { renewable: true, ...body }) as Promise<Renewable>;
  const reread = (id: string): Promise<Renewable> => readSession(service, id) as Promise<Renewable>;
  /** Presses the button as a browser does: with the type of a form, and an empty body. */
  const press = (connectUrl: string): Promise<Response> =>
    visit(connectUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: '',
    });
  const newLinkOf = async (response: Response): Promise<string> => {
    expect(response.status).toBe(200);
    return /<a href="([^"]+)">/.exec(await response.text())?.[1] ?? '';
  };
  const titleOf = async (response: Response): Promise<string> =>
    `${response.status} ${/<h1>([^<]+)<\/h1>/.exec(await response.text())?.[1]}`;

  it('offers a fresh session by a button when it has expired, and makes none before it is pressed (T-17)', async () => {
    const { connectUrl, renewableUntil, id } = await start({ language: 'de' });
    expect(Date.parse(renewableUntil ?? '') - Date.now()).toBeGreaterThan(29.9 * DAY * 1_000);
    shiftClock(service, 2 * DAY);
    const before = await stateOf(service);
    for (const method of ['GET', 'HEAD', 'GET']) {
      const page = await visit(connectUrl, { method });
      expect(page.status).toBe(410);
      if (method === 'HEAD') continue;
      const html = await page.text();
      expect(html).toContain('<form method="post"><button>Neuen Link anfordern</button></form>');
      expect(page.headers.get('content-security-policy')).toContain("form-action 'self'");
    }
    expect(await stateOf(service)).toEqual(before);
    expect(await reread(id)).toMatchObject({ status: 'expired', renewedBy: null });
  });

  it('leads to a fresh session of the same settings with secrets of its own (T-01), which names the first one', async () => {
    const referenceId = newReference();
    const settings = {
      referenceId,
      providers: ['GARMIN'],
      language: 'ja',
      returnUrl: RETURN_URL,
      failureReturnUrl: 'pulse://connected/failed',
      metadata: { campaign: 'e-mail' },
      showDisconnect: true,
      useTerraAvengersApp: true,
      appleAppUrl: 'pulse://connected/apple',
      samsungAppUrl: 'pulse://connected/samsung',
      bypassFeedback: true,
    };
    const first = await start(settings);
    const firstCallback = redirectUrlOf(service, referenceId, 'success');
    shiftClock(service, 2 * DAY);
    const link = await newLinkOf(await press(first.connectUrl));
    expect(link).not.toBe(first.connectUrl);
    expect(redirectUrlOf(service, referenceId, 'success')).not.toBe(firstCallback);

    const { renewedBy } = await reread(first.id);
    const second = await reread(renewedBy ?? '');
    const { renewableUntil } = first;
    expect(second).toMatchObject({ ...settings, status: 'pending', renewableUntil, renewedFrom: first.id });
    expect(second.connectUrl).toBe(link);
    expect(second.widgetUrl).not.toBe(first.widgetUrl);

    // The link in the message works again, too.
    for (const url of [link, first.connectUrl])
      expect((await visit(url)).headers.get('location')).toBe(second.widgetUrl);
    const callback = await visit(await connectThroughWidget(second.widgetUrl, { provider: 'GARMIN' }));
    expect(callback.headers.get('location')).toBe(`${RETURN_URL}?session_id=${second.id}&status=connected`);
    expect(await connectionsOf(service, referenceId)).toHaveLength(1);
    expect((await reread(first.id)).status).toBe('expired');
    expect(await titleOf(await visit(first.connectUrl))).toBe('410 このリンクはすでに使用されています');
  });

  it('makes one session of ten requests at once, and of repeated ones', async () => {
    const { connectUrl, referenceId } = await start();
    shiftClock(service, 2 * DAY);
    const links = await Promise.all(
      Array.from({ length: 10 }, async () => newLinkOf(await press(connectUrl))),
    );
    expect(new Set([...links, await newLinkOf(await press(connectUrl))]).size).toBe(1);
    const { body } = await service.api<{ items: unknown[] }>(
      'GET',
      `/v1/connect-sessions?referenceId=${referenceId}`,
    );
    expect(body.items).toHaveLength(2);
  });

  it('finds the fresh session if the process died before it stored the renewal', async () => {
    const { connectUrl, id } = await start();
    shiftClock(service, 2 * DAY);
    const link = await newLinkOf(await press(connectUrl));
    await service.query(`UPDATE terra_connect.connect_sessions SET renewed_by = NULL WHERE id = $1`, [id]);
    expect(await newLinkOf(await press(connectUrl))).toBe(link);
    expect((await reread(id)).renewedBy).not.toBeNull();
  });

  it('can be used again after Terra has failed to create the fresh session', async () => {
    const { connectUrl } = await start();
    shiftClock(service, 2 * DAY);
    Object.assign(service.sandbox.behaviour, { failWith: [400], faultsOnlyOn: '/widget/session' });
    expect(await titleOf(await press(connectUrl))).toMatch(/^5\d\d Something went wrong$/);
    expect(await newLinkOf(await press(connectUrl))).toContain('/connect/');
  });

  it('is renewed at most ten times', async () => {
    const { connectUrl } = await start();
    for (let time = 1; time <= 10; time += 1) {
      shiftClock(service, 2 * DAY * time);
      await newLinkOf(await press(connectUrl));
    }
    shiftClock(service, 22 * DAY);
    for (const method of ['GET', 'POST'])
      expect(await titleOf(await visit(connectUrl, { method }))).toBe('410 This link has expired');
    expect(await (await visit(connectUrl)).text()).not.toContain('<form');
  });

  it('is renewed for at most 30 days from its first session on', async () => {
    const { connectUrl } = await start();
    shiftClock(service, 28 * DAY);
    await newLinkOf(await press(connectUrl));
    shiftClock(service, 31 * DAY);
    expect(await titleOf(await press(connectUrl))).toBe('410 This link has expired');
  });

  it('is not renewed when the caller did not allow it, while it is open, or after it was used', async () => {
    const closed = await start({ renewable: false });
    const open = await start();
    expect(await newLinkOf(await press(open.connectUrl))).toBe(open.connectUrl);
    const used = await start();
    await visit(await connectThroughWidget(used.widgetUrl, { provider: 'GARMIN' }));
    shiftClock(service, 2 * DAY);
    const before = await stateOf(service);
    expect(await titleOf(await press(closed.connectUrl))).toBe('410 This link has expired');
    expect(await titleOf(await press(used.connectUrl))).toBe('410 This link has been used');
    expect(await titleOf(await press(`${service.url}/connect/unknown`))).toBe('404 This link does not work');
    expect(await stateOf(service)).toEqual(before);
  });

  it('is not renewed once what it was made for is gone', async () => {
    const referenceId = newReference();
    service.sandbox.account.connect({ provider: 'GARMIN', referenceId });
    await service.drainWebhooks();
    const [connection] = await connectionsOf(service, referenceId);
    const { connectUrl } = await start({ referenceId, connectionId: connection?.id });
    await service.api('DELETE', `/v1/connections/${connection?.id}`);
    shiftClock(service, 2 * DAY);
    expect(await titleOf(await press(connectUrl))).toBe('410 This link has expired');
  });

  it('leaves out connections that have ended since, instead of failing', async () => {
    const referenceId = newReference();
    service.sandbox.account.connect({ provider: 'GARMIN', referenceId });
    await service.drainWebhooks();
    const [connection] = await connectionsOf(service, referenceId);
    const { connectUrl } = await start({ referenceId, connectedUids: [connection?.id] });
    await service.api('DELETE', `/v1/connections/${connection?.id}`);
    shiftClock(service, 2 * DAY);
    await newLinkOf(await press(connectUrl));
    expect(service.sandbox.requests.at(-1)?.body).not.toHaveProperty('connected_uids');
  });

  it('is not renewed after the end user was erased', async () => {
    const { connectUrl, referenceId } = await start();
    shiftClock(service, 2 * DAY);
    await service.query(
      `UPDATE terra_connect.connect_sessions SET status = 'expired', ended_at = expires_at`,
    );
    const answer = await service.api('DELETE', `/v1/end-users/${referenceId}`);
    expect(answer.status).toBeLessThan(300);
    expect(await titleOf(await press(connectUrl))).toBe('410 This link has expired');
  });

  it('T-21: counts in the quota of the end user', async () => {
    const limited = await startTestApp({ RATE_LIMIT_END_USER_PER_HOUR: '1' });
    try {
      const { connectUrl } = await startSession(limited, { renewable: true });
      await limited.query(`UPDATE terra_connect.connect_sessions SET expires_at = created_at`);
      const page = await press(connectUrl);
      expect(page.headers.get('retry-after')).not.toBeNull();
      expect(await titleOf(page)).toBe('429 Please wait a moment');
    } finally {
      await limited.close();
    }
  });
});
