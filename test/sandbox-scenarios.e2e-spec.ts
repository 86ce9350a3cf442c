import { SCENARIOS, type Behaviour, type PlayedScenario, type Sandbox, type ScenarioName } from '../sandbox';
import {
  connectThroughWidget,
  startTestSandbox,
  startWebhookReceiver,
  TEST_CREDENTIALS,
  type ReceivedWebhook,
  type WebhookReceiver,
} from './support/sandbox';

const CREDENTIALS = { 'dev-id': TEST_CREDENTIALS.devId, 'x-api-key': TEST_CREDENTIALS.apiKey };
const JSON_TYPE = { 'content-type': 'application/json' };

let receiver: WebhookReceiver;
let sandbox: Sandbox;

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

const post = (path: string, body?: unknown): Promise<Response> =>
  fetch(sandbox.url + path, { method: 'POST', headers: JSON_TYPE, body: JSON.stringify(body) });
const play = async (name: ScenarioName, body?: object): Promise<PlayedScenario> => {
  const answer = await post(`/sandbox/scenarios/${name}`, body);
  expect(answer.status).toBe(200);
  return (await answer.json()) as PlayedScenario;
};
const ask = (path: string): Promise<Response> => fetch(sandbox.apiUrl + path, { headers: CREDENTIALS });
const usersOf = async (reference: string): Promise<unknown> =>
  (await ask(`/userInfo?reference_id=${reference}`)).json();
const openWidget = (endpoint: string): Promise<Response> => {
  const body = JSON.stringify({ reference_id: 'p-1', providers: 'GARMIN' });
  return fetch(endpoint, { method: 'POST', headers: { ...CREDENTIALS, ...JSON_TYPE }, body });
};
const received = (type: string): ReceivedWebhook[] =>
  receiver.received.filter(({ event }) => event.type === type);
const types = (): unknown[] => receiver.received.map(({ event }) => event.type);
const header = (name: string): string[] => receiver.received.map(({ headers }) => String(headers[name]));
const occurredAt = (webhook: ReceivedWebhook | undefined): number =>
  Number(webhook?.headers['x-terra-ordering-timestamp']);

describe('The scenario', () => {
  it('lost-webhook connects an account that only the API reports', async () => {
    const { switches, users, deliveries } = await play('lost-webhook', { referenceId: 'p-1' });
    expect(switches).toEqual({ webhooks: 'off' });
    expect(deliveries).toMatchObject([{ type: 'auth', state: 'dropped' }]);
    await sandbox.idle();
    expect(types()).toEqual([]);
    expect(await usersOf('p-1')).toEqual(users);
    expect(users).toMatchObject([{ reference_id: 'p-1', provider: 'GARMIN', active: true }]);
  });

  it('duplicated delivers a connect and a reconnect twice, under one trace id each', async () => {
    const { deliveries } = await play('duplicated');
    await sandbox.idle();
    expect(deliveries.map(({ type }) => type)).toEqual(['auth', 'auth', 'user_reauth']);
    expect(types().sort()).toEqual(['auth', 'auth', 'auth', 'auth', 'user_reauth', 'user_reauth']);
    expect(new Set(header('x-terra-trace-id')).size).toBe(3);
  });

  it('reordered sends the webhooks of a reconnect in reverse order, each with its true time', async () => {
    const { users } = await play('reordered');
    await sandbox.idle();
    const [old, renewed] = users;
    expect(receiver.received.map(({ event }) => event)).toMatchObject([
      { type: 'user_reauth', old_user: { user_id: old?.user_id }, new_user: { user_id: renewed?.user_id } },
      { type: 'auth', user: { user_id: renewed?.user_id } },
      { type: 'auth', user: { user_id: old?.user_id } },
    ]);
    expect(occurredAt(receiver.received[2])).toBeLessThan(occurredAt(receiver.received[1]));
  });

  it('late sends the auth webhook five seconds after the connect, with the time of the connect', async () => {
    const { users, deliveries } = await play('late', { referenceId: 'p-1' });
    expect(deliveries).toMatchObject([{ type: 'auth', state: 'waiting' }]);
    expect(await usersOf('p-1')).toEqual(users);
    expect(types()).toEqual([]);
    await sandbox.idle();
    const [delivery] = sandbox.deliveries;
    expect(types()).toEqual(['auth']);
    expect(occurredAt(receiver.received[0])).toBe(delivery?.createdAt);
    expect((delivery?.attempts[0]?.at ?? 0) - (delivery?.createdAt ?? 0)).toBeGreaterThan(4_900);
  });

  it.each([
    ['reauth', (userId: string) => expect.objectContaining({ user_id: userId, active: false }) as unknown],
    ['reauth-null-old', () => null],
  ] as const)('%s connects one account twice, and names the old user or null', async (name, oldUser) => {
    const { users } = await play(name, { referenceId: 'p-1', provider: 'oura' });
    await sandbox.idle();
    const [old, renewed] = users;
    expect(users).toMatchObject([{ active: false }, { active: true, provider: 'OURA' }]);
    expect(types().sort()).toEqual(['auth', 'auth', 'user_reauth']);
    const reauth = received('user_reauth')[0]?.event;
    expect(reauth?.old_user).toEqual(oldUser(old?.user_id ?? ''));
    expect(reauth?.new_user).toMatchObject({ user_id: renewed?.user_id, active: true });
    expect(await usersOf('p-1')).toEqual([renewed]);
  });

  it('moved-account moves an account from one reference to another', async () => {
    const { users } = await play('moved-account', { referenceId: 'p-1' });
    await sandbox.idle();
    expect(types().sort()).toEqual(['auth', 'auth', 'user_reauth']);
    expect(received('user_reauth')[0]?.event).toMatchObject({
      old_user: { user_id: users[0]?.user_id, reference_id: 'p-1' },
      new_user: { user_id: users[1]?.user_id, reference_id: 'p-1-other' },
    });
    expect((await ask('/userInfo?reference_id=p-1')).status).toBe(404);
    expect(await usersOf('p-1-other')).toEqual([users[1]]);
  });

  it('phone-provider replaces the first phone with a second one, without a browser', async () => {
    const { users } = await play('phone-provider', { referenceId: 'p-1' });
    await sandbox.idle();
    expect(users).toMatchObject([{ provider: 'APPLE', active: false }, { active: true }]);
    expect(types().sort()).toEqual(['auth', 'auth', 'user_reauth']);
    expect(await usersOf('p-1')).toEqual([users[1]]);
    expect(sandbox.account.linkedUsers()).toMatchObject([{ providerAccount: 'second phone' }]);
  });

  it('user-cap rejects new end users in the widget and keeps the connected ones', async () => {
    const { userId } = sandbox.account.connect({ provider: 'OURA', referenceId: 'p-1' });
    expect(await play('user-cap')).toMatchObject({ users: [], deliveries: [] });
    const { url } = (await (await openWidget(sandbox.widgetUrl)).json()) as { url: string };
    const stuck = await connectThroughWidget(url, { provider: 'GARMIN' });
    expect(await (await fetch(stuck)).text()).toContain('User Limit Reached');
    expect(await usersOf('p-1')).toMatchObject([{ user_id: userId }]);
  });

  it('gone-410 withdraws the legacy widget endpoint and no other', async () => {
    await play('gone-410');
    expect((await openWidget(`${sandbox.apiUrl}/auth/generateWidgetSession`)).status).toBe(410);
    expect((await openWidget(sandbox.widgetUrl)).status).toBe(201);
  });

  it('empty-list empties every list, although the user exists', async () => {
    const { users } = await play('empty-list', { referenceId: 'p-1' });
    await sandbox.idle();
    expect(types()).toEqual(['auth']);
    expect(await usersOf('p-1')).toEqual([]);
    expect(await (await ask('/subscriptions')).json()).toEqual({ status: 'success', users: [] });
    expect((await ask(`/userInfo?user_id=${users[0]?.user_id}`)).status).toBe(200);
  });

  it('provider-retired keeps the user, and takes its provider out of the catalogue', async () => {
    const { users } = await play('provider-retired', { referenceId: 'p-1', provider: 'OURA' });
    await sandbox.idle();
    expect(await usersOf('p-1')).toEqual(users);
    const catalogue = await (await ask('/integrations/detailed')).text();
    expect([catalogue.includes('"GOOGLE_HEALTH"'), catalogue.includes('"OURA"')]).toEqual([true, false]);
  });

  it('slow delays each answer by three seconds, and delays no webhook', async () => {
    await play('slow', { referenceId: 'p-1' });
    await sandbox.idle();
    expect(types()).toEqual(['auth']);
    const startedAt = performance.now();
    expect((await ask('/userInfo?reference_id=p-1')).status).toBe(200);
    expect(performance.now() - startedAt).toBeGreaterThan(2_900);
  });

  it('flaky-500 fails every second call, and starts to count again each time it is played', async () => {
    for (const rounds of [3, 2]) {
      const { users } = await play('flaky-500', { referenceId: 'p-1' });
      expect(users).toHaveLength(1);
      const statuses: number[] = [];
      for (let call = 0; call < 2 * rounds - 1; call += 1)
        statuses.push((await ask('/subscriptions')).status);
      expect(statuses).toEqual(Array.from({ length: 2 * rounds - 1 }, (_, call) => (call % 2 ? 500 : 200)));
    }
  });

  it('terra-down sends the webhook of the connect, then closes every connection until the switches are reset', async () => {
    const { users } = await play('terra-down', { referenceId: 'p-1' });
    await sandbox.idle();
    expect(types()).toEqual(['auth']);
    await expect(ask('/subscriptions')).rejects.toThrow('fetch failed');
    await expect(fetch(`${sandbox.url}/widget/session/x`)).rejects.toThrow('fetch failed');
    expect((await post('/sandbox/behaviour/reset')).status).toBe(200);
    expect(await usersOf('p-1')).toEqual(users);
  });
});

describe('Scenarios', () => {
  const names = Object.keys(SCENARIOS) as ScenarioName[];

  it('are listed with their meanings and their switches', async () => {
    const answer = await fetch(`${sandbox.url}/sandbox/scenarios`);
    const listed = (await answer.json()) as { name: string; means: string; switches: object }[];
    expect(listed.map(({ name }) => name)).toEqual([
      ...['lost-webhook', 'duplicated', 'reordered', 'late', 'data-before-auth'],
      ...['data-after-disconnect', 'reauth', 'reauth-null-old', 'reauth-never', 'reauth-late'],
      ...['moved-account', 'phone-provider', 'provider-retired', 'user-cap', 'gone-410'],
      ...['empty-list', 'slow', 'flaky-500', 'terra-down'],
    ]);
    expect(listed.find(({ name }) => name === 'terra-down')?.switches).toEqual({ down: true });
    expect(listed.filter(({ means }) => means.length < 60)).toEqual([]);
  });

  it.each(names)('can be played without a reference: %s', async (name) => {
    const played = await play(name);
    expect(played).toMatchObject({ name, referenceId: `scenario-${name}` });
    expect(played.switches).toEqual(SCENARIOS[name].switches);
    expect(sandbox.behaviour).toMatchObject(SCENARIOS[name].switches);
  });

  it('do not add up: each scenario first resets the switches to the values that the sandbox was started with', async () => {
    const atStart: Behaviour = structuredClone(sandbox.behaviour);
    sandbox.behaviour.failWith = [500];
    await Promise.all([play('terra-down'), play('flaky-500'), play('lost-webhook')]);
    const after: Behaviour = { ...atStart, webhooks: 'off' };
    expect(sandbox.behaviour).toEqual(after);
    await post('/sandbox/behaviour/reset');
    expect(sandbox.behaviour).toEqual(atStart);
  });

  it('wait for each other when they are played at the same time, and report only their own users', async () => {
    const [one, two] = await Promise.all([
      play('reauth-null-old', { referenceId: 'p-1' }),
      play('moved-account', { referenceId: 'p-2' }),
    ]);
    await sandbox.idle();
    expect(one.users.map((user) => user.reference_id)).toEqual(['p-1', 'p-1']);
    expect(two.users.map((user) => user.reference_id)).toEqual(['p-2', 'p-2-other']);
    expect([one.deliveries.length, two.deliveries.length]).toEqual([3, 3]);
    const reauths = received('user_reauth').map(({ event }) => event);
    expect(reauths).toHaveLength(2);
    expect(reauths.filter((event) => event.old_user === null)).toMatchObject([
      { new_user: { reference_id: 'p-1' } },
    ]);
  });

  it('can be played by a test in its own process, with other values for the switches', async () => {
    await sandbox.play('late', { referenceId: 'p-1', switches: { webhookDelayMs: 20 } });
    await sandbox.idle();
    expect(types()).toEqual(['auth']);
    await expect(sandbox.play('nope' as ScenarioName)).rejects.toThrow('There is no scenario "nope"');
  });
});
