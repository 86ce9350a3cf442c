import { verifyTerraWebhookSignature, WebhookVerificationError } from 'terra-api';
import type { Sandbox } from '../sandbox';
import {
  startTestSandbox,
  startWebhookReceiver,
  TEST_CREDENTIALS,
  type WebhookReceiver,
} from './support/sandbox';

const { signingSecret } = TEST_CREDENTIALS;

describe('Webhooks of the sandbox', () => {
  let receiver: WebhookReceiver;
  let sandbox: Sandbox;

  beforeAll(async () => {
    receiver = await startWebhookReceiver();
    sandbox = await startTestSandbox({ webhookUrl: receiver.url });
  });
  afterEach(() => {
    sandbox.reset();
    receiver.received.length = 0;
    receiver.answers.length = 0;
  });
  afterAll(async () => {
    await sandbox.close();
    await receiver.close();
  });

  const types = (): unknown[] => receiver.received.map(({ event }) => event.type);
  const link = (providerAccount?: string, referenceId = 'u_1') =>
    sandbox.account.connect({ provider: 'GARMIN', referenceId, providerAccount });

  it('carry a signature that the official SDK accepts, under both header names', async () => {
    link();
    await sandbox.idle();
    const [webhook] = receiver.received;
    const signature = String(webhook?.headers['x-terra-signature']);
    expect(webhook?.headers['terra-signature']).toBe(signature);
    await expect(verifyTerraWebhookSignature(webhook!.rawBody, signature, signingSecret)).resolves.toBe(true);
    await expect(
      verifyTerraWebhookSignature(`${webhook!.rawBody} `, signature, signingSecret),
    ).rejects.toThrow(WebhookVerificationError);
  });

  it('carry a trace id, a reference and an ordering timestamp in milliseconds, and can omit each of them', async () => {
    link();
    await sandbox.idle();
    expect(receiver.received[0]?.headers).toMatchObject({
      'x-terra-trace-id': expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown,
      'terra-reference': expect.any(String) as unknown,
      'x-terra-ordering-timestamp': expect.stringMatching(/^\d{13}$/) as unknown,
    });

    Object.assign(sandbox.behaviour, {
      sendTraceId: false,
      sendReference: false,
      sendOrderingTimestamp: false,
      signatureHeaders: 'x-terra-signature',
    });
    link();
    await sandbox.idle();
    const names = Object.keys(receiver.received.at(-1)?.headers ?? {});
    expect(names.filter((name) => name.includes('terra'))).toEqual(['x-terra-signature']);
  });

  it('report a reconnect with a new user id as auth and as user_reauth', async () => {
    const old = link();
    const renewed = link();
    await sandbox.idle();
    expect(renewed.userId).not.toBe(old.userId);
    expect(types().sort()).toEqual(['auth', 'auth', 'user_reauth']);
    expect(receiver.received.find(({ event }) => event.type === 'user_reauth')?.event).toMatchObject({
      status: 'warning',
      old_user: { user_id: old.userId, active: false },
      new_user: { user_id: renewed.userId, reference_id: 'u_1', active: true },
    });
    expect(sandbox.account.usersOf('u_1').map(({ userId }) => userId)).toEqual([renewed.userId]);
  });

  it.each([
    ['late', { reauthDelayMs: 200 }, ['auth', 'auth', 'user_reauth']],
    ['never, as on API version 2022-12-12', { sendUserReauth: false }, ['auth', 'auth']],
  ])('report a reconnect %s', async (_case, behaviour, expected) => {
    Object.assign(sandbox.behaviour, behaviour);
    link();
    const renewed = link();
    await sandbox.idle();
    expect(types()).toEqual(expected);
    expect(sandbox.account.usersOf('u_1')).toEqual([renewed]);
  });

  it('report only an auth when the old user is already gone, or the account or the reference differs', async () => {
    sandbox.account.deauthenticate(link().userId);
    link();
    link('second@example.com');
    link('u_1@example.com', 'u_2');
    await sandbox.idle();
    expect(types().sort()).toEqual(['auth', 'auth', 'auth', 'auth', 'deauth']);
    expect(sandbox.account.linkedUsers()).toHaveLength(3);
  });

  it('report the replacement of a phone with the same reference, and none for phones without a reference', async () => {
    for (const device of ['old', 'new']) {
      sandbox.account.connect({ provider: 'APPLE', referenceId: 'u_1', providerAccount: device });
      sandbox.account.connect({ provider: 'APPLE', referenceId: null, providerAccount: device });
    }
    await sandbox.idle();
    expect(types().filter((type) => type === 'user_reauth')).toHaveLength(1);
    expect(sandbox.account.linkedUsers()).toHaveLength(3);
  });

  it('carry the reference in the configured place', async () => {
    sandbox.behaviour.referenceAt = 'top';
    link();
    await sandbox.idle();
    sandbox.behaviour.referenceAt = 'user';
    link('other');
    await sandbox.idle();
    expect(receiver.received[0]?.event).toMatchObject({ reference_id: 'u_1', user: { reference_id: null } });
    expect(receiver.received[1]?.event).toMatchObject({ user: { reference_id: 'u_1' } });
    expect(receiver.received[1]?.event).not.toHaveProperty('reference_id');
  });

  it('report the error, permission change, data and revocation of a user', async () => {
    const { userId } = link();
    sandbox.account.reportConnectionError(userId);
    sandbox.account.changePermissions(userId, { add: ['menstruation', 'hrv'], remove: ['sleep'] });
    sandbox.account.sendData(userId);
    sandbox.account.revokeAccess(userId);
    await sandbox.idle();
    expect(types().sort()).toEqual([
      'access_revoked',
      'auth',
      'connection_error',
      'daily',
      'permission_change',
    ]);
    const change = receiver.received.find(({ event }) => event.type === 'permission_change');
    expect(change?.event).toMatchObject({ scopes_added: 'hrv', scopes_removed: 'sleep' });
    expect(sandbox.account.users.has(userId)).toBe(false);
  });

  it('name the provider account in athlete data, and only there', async () => {
    const { userId } = link('ada@example.com');
    sandbox.account.sendData(userId, 'athlete');
    sandbox.account.sendData(userId);
    await sandbox.idle();
    const events = receiver.received.map(({ event }) => event);
    const athlete = events.find(({ type }) => type === 'athlete');
    expect(athlete).toMatchObject({
      user: { user_id: userId },
      athlete: { provider_user_id: 'ada@example.com' },
    });
    expect(athlete).not.toHaveProperty('data');
    const others = events.filter(({ type }) => type !== 'athlete');
    expect(others).toHaveLength(2);
    expect(JSON.stringify(others)).not.toContain('ada@example.com');
  });
});
