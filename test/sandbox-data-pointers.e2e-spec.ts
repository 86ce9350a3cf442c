import type { Sandbox } from '../sandbox';
import { startTestSandbox, startWebhookReceiver, type WebhookReceiver } from './support/sandbox';

let receiver: WebhookReceiver;
let sandbox: Sandbox;
let clockOffsetMs = 0;

beforeAll(async () => {
  receiver = await startWebhookReceiver();
  sandbox = await startTestSandbox({ webhookUrl: receiver.url, now: () => Date.now() + clockOffsetMs });
});
afterEach(() => {
  sandbox.reset();
  receiver.received.length = 0;
  clockOffsetMs = 0;
});
afterAll(async () => {
  await sandbox.close();
  await receiver.close();
});

const post = (path: string, body: unknown = {}): Promise<Response> =>
  fetch(sandbox.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
const connect = (): string => {
  const { userId } = sandbox.account.connect({ provider: 'GARMIN', referenceId: 'u_1' });
  return `/sandbox/users/${userId}`;
};
const received = (type: string): { event: Record<string, unknown> }[] =>
  receiver.received.filter(({ event }) => event.type === type);
const types = (): unknown[] => receiver.received.map(({ event }) => event.type);

describe('The sandbox sends health data', () => {
  it('as a pointer to a presigned URL, which expires', async () => {
    const user = connect();
    expect((await post(`${user}/pointer`, { type: 'sleep' })).status).toBe(202);
    await sandbox.idle();
    const [pointer] = received('s3_payload');
    expect(pointer?.event).toEqual({
      type: 's3_payload',
      status: 'success',
      url: expect.stringMatching(/\/payloads\/.+X-Amz-Expires=300&X-Amz-Signature=/) as unknown,
      expires_in: 300,
    });
    const url = String(pointer?.event.url);
    const body = await fetch(url);
    expect([body.status, await body.json()]).toMatchObject([
      200,
      { type: 'sleep', user: { reference_id: 'u_1' }, data: [{}] },
    ]);
    expect((await fetch(url.replace(/Signature=./, 'Signature=-'))).status).toBe(403);
    expect((await fetch(url.replace('/payloads/', '/payloads/0'))).status).toBe(404);
    clockOffsetMs = 301_000;
    const expired = await fetch(url);
    expect([expired.status, await expired.text()]).toEqual([
      403,
      expect.stringContaining('<Code>AccessDenied</Code>'),
    ]);
  });

  it('as pointers whose bodies stay for the newest 200 only', async () => {
    const user = sandbox.account.connect({ provider: 'GARMIN', referenceId: 'u_1' });
    const urls = Array.from({ length: 201 }, () => {
      const { body } = sandbox.data.sendPointer(user, 'athlete', null);
      return (JSON.parse(body) as { url: string }).url;
    });
    const statusOf = async (url = ''): Promise<number> => (await fetch(url)).status;
    expect([await statusOf(urls[0]), await statusOf(urls[1])]).toEqual([404, 200]);
    await sandbox.idle();
  });

  it('as a pointer to any URL, so that a receiver can prove that it does not fetch it', async () => {
    const url = 'https://169.254.169.254/latest/meta-data';
    await post(`${connect()}/pointer`, { url });
    await sandbox.idle();
    expect(received('s3_payload').map(({ event }) => event.url)).toEqual([url]);
  });

  it('only as pointers while the switch dataAs says so; auth events stay inline', async () => {
    sandbox.behaviour.dataAs = 'pointer';
    const user = connect();
    await post(`${user}/data`, { type: ['daily', 'activity'] });
    await post(`${user}/history`, { days: 2, type: 'daily' });
    await sandbox.idle();
    expect(types().sort()).toEqual([
      'auth',
      'large_request_processing',
      'large_request_sending',
      ...['s3_payload', 's3_payload', 's3_payload'],
    ]);
    const bodies = received('s3_payload').map(async ({ event }) => (await fetch(String(event.url))).json());
    const events = (await Promise.all(bodies)) as { type: string }[];
    expect(events.map(({ type }) => type).sort()).toEqual(['activity', 'daily', 'daily']);
  });
});
