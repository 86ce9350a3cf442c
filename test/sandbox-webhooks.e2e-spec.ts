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

  it.each([302, 400, 500])(
    'are repeated after a %i, with the same trace id and timestamp, until a 2xx',
    async (status) => {
      receiver.answers.push(status, status);
      link();
      await sandbox.idle();
      expect(types()).toEqual(['auth', 'auth', 'auth']);
      expect(new Set(receiver.received.map(({ headers }) => headers['x-terra-trace-id'])).size).toBe(1);
      expect(
        new Set(receiver.received.map(({ headers }) => headers['x-terra-ordering-timestamp'])).size,
      ).toBe(1);
      expect(sandbox.deliveries[0]).toMatchObject({
        state: 'delivered',
        attempts: [{ status }, { status }, { status: 200 }],
      });
    },
  );

  it('are repeated after a timeout', async () => {
    sandbox.behaviour.webhookTimeoutMs = 50;
    receiver.answers.push('stall');
    link();
    await sandbox.idle();
    expect(sandbox.deliveries[0]?.attempts).toMatchObject([
      { status: null, error: 'no answer within 50 ms' },
      { status: 200 },
    ]);
  });

  it('wait twice as long after each failure, and stop at the limit', async () => {
    Object.assign(sandbox.behaviour, { retryLimit: 3, retryBaseMs: 10 });
    receiver.answers.push(500, 500, 500, 500);
    link();
    await sandbox.idle();
    const delivery = sandbox.deliveries[0]!;
    expect(delivery.state).toBe('given-up');
    const pauses = delivery.attempts.slice(1).map(({ at }, index) => at - delivery.attempts[index]!.at);
    expect(pauses).toHaveLength(3);
    // By the system clock, a timer can fire a millisecond early.
    [10, 20, 40].forEach((least, index) => expect(pauses[index]).toBeGreaterThanOrEqual(least - 2));
  });

  it.each([
    ['refreshed', 2],
    ['original', 1],
  ] as const)('sign a retry with the %s t', async (retryTimestamp, different) => {
    let clock = Date.now();
    const patient = await startTestSandbox({ webhookUrl: receiver.url, now: () => (clock += 60_000) });
    patient.behaviour.retryTimestamp = retryTimestamp;
    receiver.answers.push(500);
    patient.account.connect({ provider: 'GARMIN', referenceId: 'u_1' });
    await patient.idle();
    await patient.close();
    const signatures = new Set(receiver.received.map(({ headers }) => headers['x-terra-signature']));
    expect(signatures.size).toBe(different);
  });

  it('are dropped when switched off, and can be resent', async () => {
    sandbox.behaviour.webhooks = 'off';
    link();
    await sandbox.idle();
    expect(types()).toEqual([]);
    expect(sandbox.deliveries[0]?.state).toBe('dropped');
    sandbox.resend(sandbox.deliveries[0]!.id);
    await sandbox.idle();
    expect(types()).toEqual(['auth']);
  });

  it('arrive twice with one trace id when duplicated', async () => {
    sandbox.behaviour.webhooks = 'duplicated';
    link();
    await sandbox.idle();
    expect(types()).toEqual(['auth', 'auth']);
    expect(receiver.received[0]?.headers['x-terra-trace-id']).toBe(
      receiver.received[1]?.headers['x-terra-trace-id'],
    );
  });

  it('arrive in reverse order when reordered', async () => {
    sandbox.behaviour.webhooks = 'reordered';
    const { userId } = link();
    sandbox.account.reportConnectionError(userId);
    sandbox.account.revokeAccess(userId);
    await sandbox.idle();
    expect(types()).toEqual(['access_revoked', 'connection_error', 'auth']);
  });

  it('can be emitted with any secret, time and headers', async () => {
    sandbox.emit(
      { type: 'healthcheck' },
      {
        secret: 'another',
        timestamp: 1_000,
        traceId: 'trace-1',
        headers: { 'terra-signature': undefined, 'X-Extra': 'yes' },
      },
    );
    await sandbox.idle();
    const [webhook] = receiver.received;
    expect(webhook?.headers).toMatchObject({ 'x-terra-trace-id': 'trace-1', 'x-extra': 'yes' });
    expect(webhook?.headers).not.toHaveProperty('terra-signature');
    const signature = String(webhook?.headers['x-terra-signature']);
    const verified = verifyTerraWebhookSignature(webhook!.rawBody, signature, 'another', {
      tolerance: Infinity,
    });
    await expect(verified).resolves.toBe(true);
  });

  it('do not delay closing: the sandbox drops a delivery in flight and a later one immediately', async () => {
    const closing = await startTestSandbox({ webhookUrl: receiver.url });
    receiver.answers.push('stall');
    closing.emit({ type: 'healthcheck' });
    closing.emit({ type: 'healthcheck' }, { delayMs: 3_600_000 });
    const startedAt = Date.now();
    await closing.close();
    expect(Date.now() - startedAt).toBeLessThan(1_000);
  });
});
