import type { ScenarioName } from '../sandbox';
import { startTestApp, type TestApp } from './support/app';
import { newReference, startSession, visit } from './support/flow';
import { connectThroughWidget } from './support/sandbox';

interface DiagnosisAnswer {
  healthy: boolean;
  conclusions: { code: string; summary: string; advice: string }[];
}

describe('The diagnosis, while the sandbox plays a scenario', () => {
  let service: TestApp;
  beforeAll(async () => {
    service = await startTestApp();
    // So that the service has had a webhook: without any, each diagnosis doubts Terra's destination.
    await play('reauth');
  });
  afterAll(() => service.close());
  beforeEach(() => service.sandbox.reset());

  const play = async (name: ScenarioName, switches: Record<string, unknown> = {}): Promise<string> => {
    const { referenceId } = await service.sandbox.play(name, { referenceId: newReference(), switches });
    await service.drainWebhooks();
    return referenceId;
  };
  const diagnose = async (referenceId: string, of = service): Promise<DiagnosisAnswer> => {
    const path = `/v1/end-users/${encodeURIComponent(referenceId)}/diagnosis`;
    const { status, body } = await of.api<DiagnosisAnswer>('GET', path);
    expect(status).toBe(200);
    return body;
  };
  const readingOf = async (referenceId: string): Promise<{ healthy: boolean; codes: string[] }> => {
    const { healthy, conclusions } = await diagnose(referenceId);
    return { healthy, codes: conclusions.map(({ code }) => code) };
  };

  it.each<[name: ScenarioName, healthy: boolean, codes: string[], switches?: object]>([
    ['lost-webhook', false, ['only_at_terra']],
    ['duplicated', true, ['connected']],
    ['reordered', true, ['connected']],
    ['late', true, ['connected'], { webhookDelayMs: 100 }],
    ['reauth', true, ['connected']],
    ['reauth-null-old', true, ['connected']],
    ['moved-account', false, ['moved']],
    ['phone-provider', true, ['connected']],
    ['empty-list', true, ['connected', 'terra_list_incomplete']],
    ['slow', true, ['connected'], { delayMs: 300 }],
    ['flaky-500', true, ['connected']],
    ['terra-down', false, ['terra_unreachable', 'connected']],
  ])('%s: is well %s, and reads %j', async (name, healthy, codes, switches = {}) => {
    expect(await readingOf(await play(name, { ...switches }))).toEqual({ healthy, codes });
  });

  it('lost-webhook: a link that is still open does not hide the account that Terra has', async () => {
    const referenceId = newReference();
    const { connectUrl } = await startSession(service, { referenceId });
    await visit(connectUrl);
    await service.sandbox.play('lost-webhook', { referenceId });
    expect(await readingOf(referenceId)).toEqual({ healthy: false, codes: ['only_at_terra'] });
  });

  it('user-cap: names the limit of users, and what an operator can do', async () => {
    await service.sandbox.play('user-cap', {});
    const referenceId = newReference();
    const { connectUrl, widgetUrl } = await startSession(service, { referenceId });
    await visit(connectUrl);
    await connectThroughWidget(widgetUrl, { provider: 'GARMIN' });
    const { healthy, conclusions } = await diagnose(referenceId);
    expect({ healthy, codes: conclusions.map(({ code }) => code) }).toEqual({
      healthy: false,
      codes: ['user_cap_reached'],
    });
    expect(conclusions[0]?.summary).toContain('"User Limit Reached"');
    expect(conclusions[0]?.advice).toContain('deauthenticate users');
    service.sandbox.reset();
    expect((await readingOf(referenceId)).codes).toEqual(['at_widget']);
  });

  it('gone-410: a link works like any other, and a service that may use only the legacy endpoint names the setting', async () => {
    await service.sandbox.play('gone-410', {});
    const referenceId = newReference();
    await startSession(service, { referenceId });
    expect((await readingOf(referenceId)).codes).toEqual(['not_opened']);

    const legacy = await startTestApp({ TERRA_WIDGET_GENERATION: 'legacy' });
    try {
      await legacy.sandbox.play('gone-410', {});
      const body = { referenceId };
      expect((await legacy.api('POST', '/v1/connect-sessions', { body })).status).toBe(502);
      const { conclusions } = await diagnose(referenceId, legacy);
      expect(conclusions.map(({ code }) => code)).toEqual(['failed_terra_no_widget_endpoint']);
      expect(conclusions[0]?.advice).toContain('TERRA_WIDGET_GENERATION=auto');
    } finally {
      await legacy.close();
    }
  });

  it('terra-down: a session that could not be created and the outage are one reading', async () => {
    const referenceId = newReference();
    await service.sandbox.play('terra-down', {});
    const body = { referenceId };
    expect((await service.api('POST', '/v1/connect-sessions', { body })).status).toBe(503);
    expect((await readingOf(referenceId)).codes).toEqual(['failed_terra_unavailable']);
  });

  it('says that a dev-id is wrong, although Terra answers 404 as for an unknown end user', async () => {
    const referenceId = newReference();
    service.sandbox.behaviour.rejectCredentials = true;
    expect((await readingOf(referenceId)).codes).toEqual(['wrong_credentials', 'unknown_end_user']);
  });
});
