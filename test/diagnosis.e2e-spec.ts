import { randomUUID } from 'node:crypto';
import { startTestApp, type ApiAnswer, type TestApp } from './support/app';
import { sequenceEvents } from './support/events';
import { connectionsOf, newReference, redirectUrlOf, shiftClock, startSession, visit } from './support/flow';
import { expectNoEffect, refusal } from './support/refusals';
import { auth, PastWebhooks, userOf } from './support/past-webhooks';
import { closeAll } from './support/terra-client';
import { createEndpoint, deliver, startWebhookReceiver } from './support/webhook-receiver';
import { postWebhook } from './support/webhooks';
import { cancelInWidget, TEST_CREDENTIALS } from './support/sandbox';

interface DiagnosisAnswer {
  healthy: boolean;
  conclusions: { code: string; summary: string; advice: string }[];
  terra: { answered: boolean; cause: string | null };
  events: { id: string; type: string; position: number | null; deliveries: Record<string, unknown>[] }[];
  data: { layout: string; explanation: string };
}

describe('GET /v1/end-users/:referenceId/diagnosis', () => {
  let service: TestApp;
  beforeAll(async () => (service = await startTestApp({ OUTBOUND_ALLOW_PRIVATE: 'true' })));
  afterAll(() => service.close());
  beforeEach(() => service.sandbox.reset());
  afterEach(async () => {
    jest.restoreAllMocks();
    await closeAll();
  });

  const ask = (referenceId: string): Promise<ApiAnswer<DiagnosisAnswer>> =>
    service.api('GET', `/v1/end-users/${encodeURIComponent(referenceId)}/diagnosis`);
  const codesOf = async (referenceId: string): Promise<string[]> => {
    const { status, body } = await ask(referenceId);
    expect(status).toBe(200);
    return body.conclusions.map(({ code }) => code);
  };

  it('reports an unknown end user with 200', async () => {
    expect(await codesOf(newReference())).toEqual(['unknown_end_user']);
  });

  it('follows a session (not opened, at the widget, cancelled) and shows none of its secrets', async () => {
    const referenceId = newReference();
    const { connectUrl, widgetUrl } = await startSession(service, { referenceId });
    const nonce = redirectUrlOf(service, referenceId, 'success').split('/').at(-2) ?? '';
    expect(await codesOf(referenceId)).toContain('not_opened');
    await visit(connectUrl);
    expect(await codesOf(referenceId)).toContain('at_widget');
    await visit(await cancelInWidget(widgetUrl, { provider: 'GARMIN' }));
    await service.drainWebhooks();
    expect(await codesOf(referenceId)).toContain('cancelled_by_end_user');
    const text = JSON.stringify((await ask(referenceId)).body);
    const token = connectUrl.split('/').at(-1) ?? '';
    for (const secret of [token, widgetUrl, nonce, TEST_CREDENTIALS.apiKey]) {
      expect(secret.length).toBeGreaterThan(8);
      expect(text).not.toContain(secret);
    }
  });

  it('finds the account whose webhook was lost', async () => {
    const { referenceId } = await service.sandbox.play('lost-webhook', { referenceId: newReference() });
    expect(await codesOf(referenceId)).toEqual(['only_at_terra']);
  });

  it('reports moved for the first end user of an account, and a healthy connection for the second', async () => {
    const { referenceId } = await service.sandbox.play('moved-account', { referenceId: newReference() });
    await service.drainWebhooks();
    expect(await codesOf(referenceId)).toContain('moved');
    expect((await ask(`${referenceId}-other`)).body).toMatchObject({ healthy: true });
  });

  it('answers while Terra is down, and reports wrong credentials', async () => {
    const { referenceId } = await service.sandbox.play('terra-down', { referenceId: newReference() });
    await service.drainWebhooks();
    expect(await codesOf(referenceId)).toEqual(['terra_unreachable', 'connected']);
    service.sandbox.reset();
    service.sandbox.behaviour.rejectCredentials = true;
    const { body } = await ask(referenceId);
    expect(body).toMatchObject({
      healthy: false,
      terra: { answered: false, cause: 'terra.bad_credentials' },
    });
    expect(body.conclusions[0]?.code).toBe('wrong_credentials');
  });

  it('reports a disconnect that waits for Terra, and one that Terra has confirmed', async () => {
    const { referenceId } = await service.sandbox.play('reauth', { referenceId: newReference() });
    await service.drainWebhooks();
    const [connection] = await connectionsOf(service, referenceId);
    await service.api('DELETE', `/v1/connections/${connection?.id}`);
    expect(await codesOf(referenceId)).toContain('disconnecting_waits_for_terra');
    await service.drainDeauthentications();
    const { body } = await ask(referenceId);
    const ended = body.conclusions.find(({ code }) => code.startsWith('disconnected_'));
    expect(ended?.advice).toContain(`connectionId ${connection?.id}`);
  });

  it('reports a parked webhook event', async () => {
    const referenceId = newReference();
    const user = userOf(newReference());
    const past = new PastWebhooks(service);
    await past.deliver(auth(user));
    const later = { occurredAt: new Date(Date.now() + 1_000) };
    await past.deliver(auth({ ...user, reference_id: referenceId, scopes: randomUUID() }), later);
    expect(await codesOf(referenceId)).toContain('webhook_parked');
  });

  it('T-16: lists the events about the end user, their deliveries and what blocks them, and nothing of another', async () => {
    const [receiver, referenceId, other] = [await startWebhookReceiver(), newReference(), newReference()];
    receiver.url += '/a-secret-path';
    const endpoint = await createEndpoint(service, receiver);
    receiver.answer = (event, response) =>
      response.writeHead(event.subject === referenceId ? 500 : 204).end();
    service.sandbox.account.connect({ provider: 'GARMIN', referenceId });
    service.sandbox.account.connect({ provider: 'GARMIN', referenceId: other });
    await service.drainWebhooks();
    expect((await ask(referenceId)).body.events).toMatchObject([{ position: null, deliveries: [] }]);
    await sequenceEvents(service);
    await deliver(service);
    const { body } = await ask(referenceId);
    expect(body.conclusions.map(({ code }) => code)).toEqual(['connected']);
    expect(body.events).toMatchObject([
      {
        type: 'connection.connected',
        position: expect.any(Number) as number,
        deliveries: [
          {
            endpointId: endpoint.id,
            endpointOrigin: new URL(receiver.url).origin,
            endpointEnabled: true,
            status: 'pending',
            attempts: 1,
            nextAttemptAt: expect.any(String) as string,
            lastAttemptAt: expect.any(String) as string,
            lastStatus: 500,
            lastError: null,
          },
        ],
      },
    ]);
    for (const hours of [1, 6]) {
      shiftClock(service, hours * 3_600);
      await deliver(service);
    }
    jest.restoreAllMocks();
    expect(await codesOf(referenceId)).toEqual(['deliveries_fail', 'connected']);
    await service.api('PATCH', `/v1/webhook-endpoints/${endpoint.id}`, { body: { enabled: false } });
    expect(await codesOf(referenceId)).toEqual(['endpoint_disabled', 'connected']);
    const ofOther = (await ask(other)).body;
    expect(ofOther).toMatchObject({
      healthy: true,
      events: [{ deliveries: [{ status: 'delivered', nextAttemptAt: null }] }],
    });
    expect(JSON.stringify(ofOther)).not.toContain(body.events[0]?.id);
    expect(JSON.stringify((await ask(referenceId)).body)).not.toContain('a-secret-path');
    await service.api('DELETE', `/v1/webhook-endpoints/${endpoint.id}`);
    expect((await ask(referenceId)).body.events).toMatchObject([{ deliveries: [] }]);
  });

  it('says where health data goes', async () => {
    const layoutOf = async (referenceId: string): Promise<string> =>
      (await ask(referenceId)).body.data.layout;
    const referenceId = newReference();
    service.sandbox.account.connect({ provider: 'GARMIN', referenceId });
    await service.drainWebhooks();
    expect(await layoutOf(referenceId)).toBe('unknown');
    await service.query(
      `UPDATE terra_connect.connections SET connected_at = now() - interval '30 days' WHERE reference_id = $1`,
      [referenceId],
    );
    expect(await layoutOf(referenceId)).toBe('elsewhere');
    const [connection] = await connectionsOf(service, referenceId);
    await postWebhook(service, {
      type: 'daily',
      user: { user_id: connection?.terraUserId, reference_id: referenceId },
      data: [],
    });
    await service.drainWebhooks();
    expect(await layoutOf(referenceId)).toBe('not_forwarded');
    const { id } = await createEndpoint(service, { url: 'https://receiver.example/' }, ['data.*']);
    expect(await layoutOf(referenceId)).toBe('through_service');
    await service.api('DELETE', `/v1/webhook-endpoints/${id}`);
  });

  it('reports that no webhook has arrived for a day', async () => {
    const { referenceId } = await service.sandbox.play('lost-webhook', { referenceId: newReference() });
    shiftClock(service, 40 * 3_600);
    expect(await codesOf(referenceId)).toEqual(['only_at_terra', 'no_webhooks_at_all']);
  });

  it('changes nothing, needs an API key, and rejects an invalid reference', async () => {
    service.sandbox.behaviour.rejectCredentials = false;
    const path = '/v1/end-users/null/diagnosis';
    expect(await refusal(service, 'GET', path)).toMatchObject({ status: 422, code: 'request.invalid' });
    const keyless = await expectNoEffect(service, () => service.api('GET', path, { key: null }));
    expect(keyless.status).toBe(401);
  });
});
