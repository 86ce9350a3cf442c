import { becomesTrue } from '../local/waiting';
import { startSampleApp, type SampleApp } from '../sample-app';
import { startTestApp, ADMIN_KEY, type TestApp } from './support/app';
import { openEventStream, type EventStream } from './support/event-stream';
import { sequenceEvents } from './support/events';
import { connectionsOf } from './support/flow';
import { AS_ADA, startSampleAppStage, type SampleAppStage } from './support/sample-app';
import { deliver } from './support/webhook-receiver';

const AS_BEN = { cookie: 'pulse_user=ben' };
const ADA = 'pulse-1001';
const BEN = 'pulse-1002';

let sequence = 0;
const event = (type: string, referenceId: string, data: object, time = '2026-11-26T10:00:00.000Z') => ({
  specversion: '1.0',
  id: `event-${(sequence += 1)}`,
  type,
  subject: referenceId,
  time,
  sequence: String(sequence).padStart(19, '0'),
  data: { referenceId, connectionId: `c-${referenceId}`, provider: 'GARMIN', ...data },
});
const daily = (referenceId: string, steps: number, time?: string) => {
  const object = { metadata: { start_time: '2026-11-26T00:00:00+00:00' }, distance_data: { steps } };
  return event('data.daily', referenceId, { payload: { data: [object] } }, time);
};
const connection = (status: string, statusReason: string | null) => ({
  id: `c-${ADA}`,
  referenceId: ADA,
  provider: 'GARMIN',
  status,
  statusReason,
  connectedAt: '2026-11-20T08:00:00Z',
});

describe('The diary of the sample app', () => {
  let app: SampleAppStage;
  const streams: EventStream[] = [];
  const stream = async (user = 'ada', headers: Record<string, string> = AS_ADA): Promise<EventStream> => {
    const opened = await openEventStream(`${app.url}/diary/events?user=${user}`, headers);
    streams.push(opened);
    return opened;
  };
  const shownSteps = async (): Promise<string | undefined> =>
    /data-testid="steps-GARMIN">([^<]*)</.exec((await app.get('/')).page)?.[1];

  beforeEach(async () => {
    app = await startSampleAppStage();
    for (const referenceId of [ADA, BEN])
      app.answers.set(`GET /v1/connections?referenceId=${referenceId}`, {
        status: 200,
        body: { items: referenceId === ADA ? [connection('active', null)] : [], nextCursor: null },
      });
  });
  afterEach(async () => {
    for (const opened of streams.splice(0)) opened.close();
    await app.close();
  });

  it('refuses an event with a forged signature or without one', async () => {
    const forged = `whsec_${Buffer.from('a secret of somebody else').toString('base64')}`;
    expect(await app.deliver(daily(ADA, 666), forged)).toBe(401);
    const unsigned = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' };
    expect((await fetch(`${app.url}/webhooks/terra-connect`, unsigned)).status).toBe(401);
    expect(await shownSteps()).toBeUndefined();
  });

  it('shows the newest values, also when an older event arrives late', async () => {
    expect(await app.deliver(daily(ADA, 5_000))).toBe(204);
    await app.deliver(daily(ADA, 4_000, '2026-11-26T09:00:00.000Z'));
    expect(await shownSteps()).toBe('5,000');
    await app.deliver(daily(ADA, 6_000, '2026-11-26T11:00:00.000Z'));
    expect(await shownSteps()).toBe('6,000');
  });

  it('shows new data on an open page, and tells of a repeated event once', async () => {
    const page = await stream();
    const repeated = event('connection.connected', ADA, { connection: connection('active', null) });
    expect([await app.deliver(repeated), await app.deliver(repeated)]).toEqual([204, 204]);
    await app.deliver(daily(ADA, 1_500));
    await page.has('diary', '1,500');
    expect(page.events.filter(({ name }) => name === 'news').map(({ data }) => data)).toEqual([
      'Garmin: Connected',
      'New data from Garmin.',
    ]);
  });

  it('takes an event as large as those of Terra can be', async () => {
    const large = daily(ADA, 77);
    Object.assign(large.data, { padding: 'x'.repeat(3_000_000) });
    expect(await app.deliver(large)).toBe(204);
    expect(await shownSteps()).toBe('77');
  });

  it('shows a disconnect when the event says so, at the device and at what it has recorded', async () => {
    await app.deliver(daily(ADA, 1_234));
    const page = await stream();
    await page.has('devices', 'device-GARMIN');
    const ended = connection('disconnected', 'deauth');
    app.answers.set(`GET /v1/connections?referenceId=${ADA}`, {
      status: 200,
      body: { items: [ended], nextCursor: null },
    });
    await app.deliver(event('connection.disconnected', ADA, { connection: ended }));
    expect(await page.has('devices', 'earlier-GARMIN')).toContain('disconnected outside of Pulse Diary');
    expect(await page.has('diary', 'ended-GARMIN')).toContain('1,234');
    await page.has('news', 'Garmin: This device was disconnected outside of Pulse Diary.');
    expect(page.events).toContainEqual({ name: 'good-banner', data: '' });
  });

  it('T-05: sends the data of an end user only to pages of this end user', async () => {
    const [ofAda, ofBen] = [await stream(), await stream('ben', AS_BEN)];
    await app.deliver(daily(BEN, 2_222));
    await app.deliver(daily('unknown-1', 3_333));
    await ofBen.has('diary', '2,222');
    await app.deliver(daily(ADA, 1_111));
    await ofAda.has('diary', '1,111');
    expect(JSON.stringify(ofAda.events)).not.toMatch(/2,222|3,333/);
    expect(JSON.stringify(ofBen.events)).not.toMatch(/1,111|3,333/);
    // Without a sign-in, and for a page of somebody else, such as one that is open in another tab.
    const refused = [await stream('ada', {}), await stream('ben'), await stream('ada', AS_BEN)];
    expect(refused.map(({ status }) => status)).toEqual([204, 204, 204]);
  });

  it('forgets an end user who is erased', async () => {
    await app.deliver(daily(ADA, 1_234));
    await app.deliver(daily(BEN, 2_222));
    const page = await stream();
    await page.has('diary', '1,234');
    await app.deliver(event('end_user.erased', ADA, {}));
    await page.has('diary', 'diary-empty');
    expect((await app.get('/')).page).not.toContain('1,234');
    expect((await app.get('/', AS_BEN)).page).toContain('2,222');
  });

  it('escapes what comes from a provider, also on an open page', async () => {
    const page = await stream();
    const object = { metadata: { start_time: '2026-11-26T10:00:00Z', name: '<img src=x onerror=alert(1)>' } };
    await app.deliver(event('data.activity', ADA, { payload: { data: [object] } }));
    expect(await page.has('diary', '&lt;img')).not.toContain('<img');
  });

  it('has a limited number of open pages for each end user', async () => {
    const head = await fetch(`${app.url}/diary/events?user=ada`, { method: 'HEAD', headers: AS_ADA });
    expect(head.status).toBe(404);
    const opened = [];
    for (let page = 0; page < 5; page += 1) opened.push(await stream());
    expect((await stream()).status).toBe(204);
    expect((await stream('ben', AS_BEN)).status).toBe(200);
    opened[0]?.close();
    expect(await becomesTrue(async () => (await stream()).status === 200, 20_000)).toBe(true);
  });

  it('ends open streams in order when it closes', async () => {
    const page = await stream();
    await page.has('diary', 'diary-empty');
    const { close } = app;
    app.close = () => Promise.resolve();
    await close();
    expect(await page.ended).toBe('in order');
  });

  it('allows a script only on the page of the diary, and no inline script there', async () => {
    const policyOf = async (path: string, headers: Record<string, string>): Promise<string> =>
      (await fetch(app.url + path, { headers })).headers.get('content-security-policy') ?? '';
    const policy = await policyOf('/', AS_ADA);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'; connect-src 'self'");
    expect(policy).not.toContain('unsafe');
    expect(await policyOf('/', {})).not.toContain('script-src');
    expect(await policyOf('/phone', AS_ADA)).not.toContain('script-src');
    expect((await fetch(`${app.url}/diary.js`)).headers.get('content-type')).toContain('text/javascript');
  });
});

describe('The sample app at a running service', () => {
  let service: TestApp;
  let app: SampleApp;
  const start = (port?: number): Promise<SampleApp> =>
    startSampleApp({ serviceUrl: service.url, apiKey: ADMIN_KEY, port });
  const endpoints = async (): Promise<{ id: string; url: string; types: string[] }[]> =>
    (await service.api<{ items: never[] }>('GET', '/v1/webhook-endpoints')).body.items;
  const deliverAll = async (): Promise<void> => {
    await service.drainWebhooks();
    await sequenceEvents(service);
    await deliver(service);
  };

  beforeAll(async () => (service = await startTestApp({ OUTBOUND_ALLOW_PRIVATE: 'true' })));
  afterAll(async () => {
    await app?.close();
    await service?.close();
  });

  it('subscribes once over restarts, and fills the diary with what Terra sends, before and after', async () => {
    app = await start();
    const port = Number(new URL(app.url).port);
    const [endpoint, ...others] = await untilSubscribed();
    expect(others).toEqual([]);
    expect(endpoint?.url).toBe(`http://127.0.0.1:${port}/webhooks/terra-connect`);

    const { userId } = service.sandbox.account.connect({ provider: 'GARMIN', referenceId: ADA });
    await deliverAll();
    const send = (...type: string[]): Promise<Response> =>
      fetch(`${service.sandbox.url}/sandbox/users/${userId}/data`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ type }),
      });
    let page = await openEventStream(`${app.url}/diary/events?user=ada`, AS_ADA);
    await page.has('devices', 'device-GARMIN');
    await send('daily', 'sleep', 'activity');
    await deliverAll();
    await page.has('diary', /steps-GARMIN">[\d,]+</);
    await page.has('diary', /sleep-GARMIN">\d+ h \d+ min</);
    await page.has('diary', /heart-GARMIN">\d+ bpm</);
    await page.has('diary', /<strong>(Running|Walking|Biking)</);

    await app.close();
    await page.ended;
    app = await start(port);
    expect(await untilSubscribed()).toMatchObject([{ id: endpoint?.id }]);
    page = await openEventStream(`${app.url}/diary/events?user=ada`, AS_ADA);
    await page.has('diary', 'diary-empty');
    await send('daily');
    await deliverAll();
    await page.has('diary', 'steps-GARMIN');

    const [connected] = await connectionsOf(service, ADA);
    await service.api('DELETE', `/v1/connections/${connected?.id}`);
    await deliverAll();
    expect(await page.has('devices', 'earlier-GARMIN')).toContain('You disconnected this device.');
    await page.has('diary', 'ended-GARMIN');
    page.close();
  });

  /** A test event is accepted as soon as the app has its secret. */
  async function untilSubscribed(): Promise<{ id: string; url: string }[]> {
    const isSubscribed = async (): Promise<boolean> => {
      const [own] = await endpoints();
      if (!own) return false;
      const path = `/v1/webhook-endpoints/${own.id}/test`;
      return (await service.api<{ accepted: boolean }>('POST', path)).body.accepted;
    };
    expect(await becomesTrue(isSubscribed, 20_000)).toBe(true);
    return endpoints();
  }
});
