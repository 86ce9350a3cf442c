import { randomUUID } from 'node:crypto';
import { startTestApp, type ApiAnswer, type TestApp } from './support/app';
import { connectionsOf, newReference, redirectUrlOf, shiftClock, startSession, visit } from './support/flow';
import { expectNoEffect, refusal } from './support/refusals';
import { auth, PastWebhooks, userOf } from './support/past-webhooks';
import { cancelInWidget, TEST_CREDENTIALS } from './support/sandbox';

interface DiagnosisAnswer {
  healthy: boolean;
  conclusions: { code: string; summary: string; advice: string }[];
  terra: { answered: boolean; cause: string | null };
}

describe('GET /v1/end-users/:referenceId/diagnosis', () => {
  let service: TestApp;
  beforeAll(async () => (service = await startTestApp()));
  afterAll(() => service.close());
  beforeEach(() => service.sandbox.reset());
  afterEach(() => jest.restoreAllMocks());

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
