import { verifyTerraWebhookSignature } from 'terra-api';
import type { Sandbox } from '../sandbox';
import { startTestSandbox, startWebhookReceiver, type WebhookReceiver } from './support/sandbox';

describe('Webhook deliveries of the sandbox', () => {
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
  const link = () => sandbox.account.connect({ provider: 'GARMIN', referenceId: 'u_1' });

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
