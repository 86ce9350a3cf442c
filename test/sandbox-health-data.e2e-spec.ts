import type { Sandbox } from '../sandbox';
import {
  startTestSandbox,
  startWebhookReceiver,
  type ReceivedWebhook,
  type WebhookReceiver,
} from './support/sandbox';

let receiver: WebhookReceiver;
let sandbox: Sandbox;
jest.setTimeout(60_000);

beforeAll(async () => {
  receiver = await startWebhookReceiver();
  sandbox = await startTestSandbox({ webhookUrl: receiver.url });
});
afterEach(() => {
  sandbox.reset();
  receiver.received.length = 0;
});
afterAll(async () => {
  await sandbox.close();
  await receiver.close();
});

const until = async (holds: () => boolean): Promise<void> => {
  const deadline = Date.now() + 30_000;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`Still not after 30 s: ${holds.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};
const post = (path: string, body: unknown = {}): Promise<Response> =>
  fetch(sandbox.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
const connect = (provider = 'GARMIN'): string => {
  const { userId } = sandbox.account.connect({ provider, referenceId: 'u_1' });
  return `/sandbox/users/${userId}`;
};
const received = (type: string): ReceivedWebhook[] =>
  receiver.received.filter(({ event }) => event.type === type);
const types = (): unknown[] => receiver.received.map(({ event }) => event.type);
const stepsOf = ({ event }: ReceivedWebhook): number => {
  const [day] = event.data as { distance_data: { steps: number } }[];
  return day?.distance_data.steps ?? -1;
};
const header = (name: string, webhooks: ReceivedWebhook[]): unknown[] =>
  webhooks.map(({ headers }) => headers[name]);

const occurredAt = (webhook: ReceivedWebhook | undefined): number =>
  Number(webhook?.headers['x-terra-ordering-timestamp']);

describe('The sandbox sends health data', () => {
  it('after a connection, with steps that grow with each update, until the user is gone', async () => {
    Object.assign(sandbox.behaviour, { dataAfterConnect: true, dataDelayMs: 0, dataIntervalMs: 1 });
    const user = connect();
    await until(() => received('daily').length >= 3);
    expect(new Set(types())).toEqual(new Set(['auth', 'athlete', 'daily', 'sleep', 'activity']));
    for (const type of ['athlete', 'sleep', 'activity']) expect(received(type)).toHaveLength(1);
    expect(received('daily')[0]?.event).toMatchObject({ user: { reference_id: 'u_1', provider: 'GARMIN' } });
    const inOrder = [...received('daily')].sort((a, b) => occurredAt(a) - occurredAt(b));
    const steps = inOrder.map(stepsOf);
    expect(steps).toEqual([...new Set(steps)].sort((a, b) => a - b));
    await post(`${user}/deauth`);
    await until(() => types().includes('deauth'));
    const updates = sandbox.deliveries.filter(({ type }) => type === 'daily').length;
    // Another user is still followed: if the first one were, its updates would come with those of the other.
    sandbox.account.connect({ provider: 'OURA', referenceId: 'u_2' });
    await until(
      () => received('daily').filter(({ event }) => JSON.stringify(event).includes('u_2')).length >= 2,
    );
    const ofFirst = sandbox.deliveries.filter(({ type, body }) => type === 'daily' && body.includes('u_1'));
    expect(ofFirst).toHaveLength(updates);
    sandbox.behaviour.dataAfterConnect = false;
    await sandbox.idle();
  });

  it('on demand only, unless the switch is on', async () => {
    const user = connect('OURA');
    expect(sandbox.behaviour.dataAfterConnect).toBe(false);
    expect((await post(`${user}/data`, { type: ['sleep', 'activity', 'body'] })).status).toBe(200);
    expect((await post(`${user}/data`)).status).toBe(200);
    await sandbox.idle();
    expect(types().sort()).toEqual(['activity', 'auth', 'body', 'daily', 'sleep']);
    expect(received('sleep')[0]?.event.data).toHaveLength(1);
  });

  it('as a history in chunks that share a reference, after two announcements', async () => {
    const user = connect();
    const answer = await post(`${user}/history`, { days: 25, type: ['daily', 'sleep'], objectsPerChunk: 10 });
    const { reference, chunks, objects } = (await answer.json()) as Record<string, unknown>;
    await sandbox.idle();
    expect([answer.status, chunks]).toEqual([202, 6]);
    const announcements = [...received('large_request_processing'), ...received('large_request_sending')];
    expect(announcements.map(({ event }) => event)).toMatchObject([
      { status: 'processing', reference, user: { reference_id: 'u_1' } },
      { expected_payloads: 6, number_of_payloads: 6, reference },
    ]);
    const data = [...received('daily'), ...received('sleep')];
    expect(new Set(header('terra-reference', [...announcements, ...data]))).toEqual(new Set([reference]));
    const traces = header('x-terra-trace-id', data).map(String).sort();
    const [id] = traces[0]?.split(':') ?? [];
    expect(traces).toEqual([1, 2, 3, 4, 5, 6].map((chunk) => `${id}:chunk:${chunk}`));
    const sent = data.flatMap(({ event }) => event.data as { metadata: { start_time: string } }[]);
    expect(sent).toHaveLength(Number(objects));
    const days = received('daily').flatMap(({ event }) => event.data as typeof sent);
    expect(new Set(days.map(({ metadata }) => metadata.start_time)).size).toBe(25);
  });

  it('as one large body, of exactly the requested size', async () => {
    const user = connect();
    const answer = await post(`${user}/large`, { megabytes: 15 });
    expect([answer.status, await answer.json()]).toMatchObject([202, { type: 'daily', bytes: 15_000_000 }]);
    await sandbox.idle();
    const [large] = received('daily');
    expect(large?.rawBody).toHaveLength(15_000_000);
    expect(large?.event).toMatchObject({ user: { reference_id: 'u_1' } });
    expect((await (await fetch(sandbox.url)).text()).length).toBeLessThan(200_000);
  });

  it('up to 64 MB that a receiver has not accepted yet, and keeps no more in its history', async () => {
    const user = connect();
    await sandbox.idle();
    sandbox.behaviour.webhookDelayMs = 60_000;
    const statuses: number[] = [];
    for (const megabytes of [15, 15, 15, 15, 7, 1])
      statuses.push((await post(`${user}/large`, { megabytes })).status);
    expect(statuses).toEqual([202, 202, 202, 202, 202, 400]);
    const answer = await post(`${user}/history`, { days: 365 });
    expect([answer.status, await answer.json()]).toEqual([
      400,
      {
        status: 'error',
        message: expect.stringContaining('wait until the receiver has accepted it') as unknown,
      },
    ]);
    sandbox.emit({ type: 'healthcheck', padding: 'x'.repeat(8_000_000) });
    const bytes = sandbox.deliveries.reduce((sum, { body }) => sum + body.length, 0);
    expect(bytes).toBeLessThan(64 * 1_024 * 1_024);
    expect(sandbox.deliveries.at(-1)?.type).toBe('healthcheck');
  });

  it.each([
    ['data', { type: 'nutrition' }, 'type must be one or more of activity, body, daily, sleep, athlete'],
    ['data', { type: [] }, 'type must be one or more of'],
    ['data', { types: 'daily' }, 'There is no option "types". Options: type.'],
    ['data', ['daily'], 'must be a JSON object'],
    ['history', { days: 366 }, 'days must be a whole number from 1 to 365'],
    ['history', { days: 0 }, 'days must be a whole number'],
    ['history', { days: 1.5 }, 'days must be a whole number'],
    ['history', { days: '' }, 'days must be a whole number'],
    ['history', { objectsPerChunk: 101 }, 'objectsPerChunk must be a whole number from 1 to 100'],
    ['history', { type: 'athlete' }, 'type must be one or more of activity, body, daily, sleep'],
    ['large', { megabytes: 16 }, 'megabytes must be a whole number from 1 to 15'],
    ['large', { megabytes: '1e9' }, 'megabytes must be a whole number'],
    ['pointer', { url: `https://x/${'a'.repeat(2_000)}` }, 'url must have at most 2000 characters'],
    ['pointer', { url: 7 }, 'url must be a string'],
  ])('nothing for a request out of bounds: %s %j', async (path, body, message) => {
    const answer = await post(`${connect()}/${path}`, body);
    expect([answer.status, await answer.json()]).toEqual([
      400,
      { status: 'error', message: expect.stringContaining(message) as unknown },
    ]);
    expect(sandbox.deliveries.map(({ type }) => type)).toEqual(['auth']);
    await sandbox.idle();
  });

  it('from the buttons of the page; for an unknown user it answers 404', async () => {
    const user = connect();
    const page = await (await fetch(sandbox.url)).text();
    for (const path of ['data', 'history', 'large', 'pointer']) {
      expect(page).toContain(`action="${user}/${path}"`);
      expect((await post(`/sandbox/users/nope/${path}`)).status).toBe(404);
    }
    const form = { method: 'POST', redirect: 'manual' as const };
    for (const [path, fields] of [
      ['data', { type: 'sleep' }],
      ['history', { days: '3' }],
      ['large', { megabytes: '1' }],
      ['pointer', {}],
    ] as [string, Record<string, string>][]) {
      const answer = await fetch(`${sandbox.url}${user}/${path}`, {
        ...form,
        body: new URLSearchParams(fields),
      });
      expect([path, answer.status, answer.headers.get('location')]).toEqual([path, 303, '/']);
    }
    await sandbox.idle();
    expect(new Set(types())).toEqual(
      new Set([
        ...['auth', 'sleep', 'daily', 'large_request_processing', 'large_request_sending', 's3_payload'],
        ...received('activity').map(() => 'activity'),
      ]),
    );
  });

  it('in the scenario data-before-auth: the first data of a connection, then its auth webhook', async () => {
    const { users } = await sandbox.play('data-before-auth', { referenceId: 'p-1' });
    await sandbox.idle();
    expect(types()).toEqual(['sleep', 'daily', 'auth']);
    expect(
      new Set(receiver.received.map(({ event }) => (event.user as { user_id: string }).user_id)),
    ).toEqual(new Set([users[0]?.user_id]));
  });

  it('in the scenario data-after-disconnect: of a user that Terra has ended, with later times', async () => {
    const { users, deliveries } = await sandbox.play('data-after-disconnect', { referenceId: 'p-1' });
    await sandbox.idle();
    expect(users).toMatchObject([{ active: false }]);
    expect(deliveries.map(({ type }) => type)).toEqual(['auth', 'deauth', 'daily', 'sleep']);
    // The two travel in parallel; the data waits for half a second.
    expect(types().slice(0, 2).sort()).toEqual(['auth', 'deauth']);
    const [daily] = received('daily');
    expect(daily?.event).toMatchObject({ user: { user_id: users[0]?.user_id, reference_id: 'p-1' } });
    expect(occurredAt(daily)).toBeGreaterThan(occurredAt(received('deauth')[0]));
    expect(sandbox.account.linkedUsers()).toEqual([]);
  });
});
