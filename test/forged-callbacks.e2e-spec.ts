import { randomUUID } from 'node:crypto';
import * as fc from 'fast-check';
import { FAILURE_REASONS } from '../src/connect-sessions/connect-session-status';
import { RETURN_URL, startTestApp, type TestApp } from './support/app';
import {
  connectionsOf,
  newReference,
  readSession,
  redirectUrlOf,
  startSession,
  stateOf,
  visit,
} from './support/flow';
import { cancelInWidget, connectThroughWidget } from './support/sandbox';

describe('Callback parameters are never trusted', () => {
  let service: TestApp;
  beforeAll(async () => (service = await startTestApp()));
  beforeEach(() => service.sandbox.reset());
  afterAll(() => service.close());

  /** Visits a callback URL. @returns the return URL that the browser is redirected to */
  const returnUrlAfter = async (url: string | URL): Promise<string> => {
    const response = await visit(url);
    expect(response.status).toBe(303);
    return response.headers.get('location') ?? '';
  };
  const begin = async (body: Record<string, unknown> = {}) => {
    const session = await startSession(service, { returnUrl: RETURN_URL, ...body });
    const success = redirectUrlOf(service, session.referenceId, 'success');
    const failure = redirectUrlOf(service, session.referenceId, 'failure');
    const statusUrl = (status: string) => `${RETURN_URL}?session_id=${session.id}&status=${status}`;
    return { session, success, failure, statusUrl };
  };
  /** Links a Terra user at Terra without its webhooks. @returns the Terra user id */
  const linkedAtTerra = (referenceId: string | null, provider = 'GARMIN'): string => {
    service.sandbox.behaviour.webhooks = 'off';
    return service.sandbox.account.connect({ provider, referenceId }).userId;
  };

  describe('T-02, T-03: a forged callback', () => {
    it("with another end user's Terra user links nothing, and the session stays open", async () => {
      const victim = newReference();
      const userId = linkedAtTerra(victim);
      const { session, success, statusUrl } = await begin();
      const claims = `user_id=${userId}&resource=GARMIN&reference_id=${session.referenceId}`;
      expect(await returnUrlAfter(`${success}?${claims}`)).toBe(statusUrl('pending'));
      expect(await connectionsOf(service, victim)).toEqual([]);
      expect(await connectionsOf(service, session.referenceId)).toEqual([]);
      expect((await readSession(service, session.id)).status).toBe('pending');
    });

    it("with the Terra user of another end user's connection leaves that connection unchanged", async () => {
      const victim = newReference();
      const { userId } = service.sandbox.account.connect({ provider: 'GARMIN', referenceId: victim });
      await service.drainWebhooks();
      const before = await connectionsOf(service, victim);
      const { session, success } = await begin();
      await returnUrlAfter(`${success}?user_id=${userId}`);
      expect(await connectionsOf(service, victim)).toEqual(before);
      expect(await connectionsOf(service, session.referenceId)).toEqual([]);
    });

    it.each<[string, (referenceId: string) => string]>([
      ['an unknown Terra user', () => randomUUID()],
      ['a Terra user without a reference', () => linkedAtTerra(null)],
      ['a Terra user of a reference that differs in case', (ref) => linkedAtTerra(ref.toUpperCase())],
      [
        'a Terra user whose flow is not finished',
        (ref) => service.sandbox.account.preallocate('GARMIN', ref).userId,
      ],
      ['a Terra user of a provider that the session excludes', (ref) => linkedAtTerra(ref, 'OURA')],
      ['a path as the user id', () => '../subscriptions'],
      ['a second parameter in the user id', (ref) => `x&reference_id=${ref}`],
    ])('with %s links nothing', async (_case, forge) => {
      const { session, success, statusUrl } = await begin({ providers: ['GARMIN'] });
      const userId = encodeURIComponent(forge(session.referenceId));
      expect(await returnUrlAfter(`${success}?user_id=${userId}`)).toBe(statusUrl('pending'));
      expect(await connectionsOf(service, session.referenceId)).toEqual([]);
    });

    it("T-02: of an attacker's session, opened by the victim, connects nothing of the victim", async () => {
      const attacker = await begin({ referenceId: 'attacker' });
      const callback = await connectThroughWidget(attacker.session.widgetUrl, { provider: 'GARMIN' });
      const victim = await begin({ referenceId: 'victim' });
      callback.searchParams.set('reference_id', 'victim');
      await returnUrlAfter(callback);
      expect(await connectionsOf(service, 'victim')).toEqual([]);
      expect((await readSession(service, victim.session.id)).status).toBe('pending');
    });

    it('with any query connects nothing and is always answered', async () => {
      const linkedUserId = linkedAtTerra('another-end-user');
      const name = fc.oneof(
        fc.constantFrom('user_id', 'reference_id', 'resource', 'reason', 'status', 'session_id', '__proto__'),
        fc.string({ maxLength: 8 }),
      );
      const value = fc.oneof(
        fc.constantFrom(
          linkedUserId,
          'another-end-user',
          'null',
          '',
          'GARMIN',
          'x'.repeat(300),
          '\0',
          '\ud800',
        ),
        fc.string({ unit: 'binary', maxLength: 40 }),
      );
      const before = await stateOf(service);
      await fc.assert(
        fc.asyncProperty(fc.array(fc.tuple(name, value), { maxLength: 6 }), async (pairs) => {
          const { success, failure } = await begin({ referenceId: `fuzzed-${randomUUID()}` });
          const query = new URLSearchParams(pairs).toString();
          for (const url of [success, failure]) {
            const target = new URL(await returnUrlAfter(`${url}?${query}`));
            expect(`${target.origin}${target.pathname}`).toBe(RETURN_URL);
            expect([...target.searchParams.keys()]).toEqual(['session_id', 'status']);
            expect(target.searchParams.get('status')).not.toBe('connected');
          }
        }),
        { numRuns: 40, seed: 4711 },
      );
      const after = await stateOf(service);
      expect(after.connections).toBe(before.connections);
      expect(after.connection_identities).toBe(before.connection_identities);
      expect(after.connect_session_connections).toBe(before.connect_session_connections);
    });

    it('with an unusable reason stores a cleaned reason or none, and no page shows the reason', async () => {
      for (const reason of ['x'.repeat(201), 'a\0b', '\ud800', '<script>alert(1)</script>']) {
        const { session, failure, statusUrl } = await begin();
        const query = new URLSearchParams({ reason }).toString();
        expect(await returnUrlAfter(`${failure}?${query}`)).toBe(statusUrl('failed'));
        const { providerReason } = await readSession(service, session.id);
        expect([null, '<script>alert(1)</script>', '\ufffd']).toContain(providerReason);
        const page = await (await visit(`${service.url}/connect/result?session_id=${session.id}`)).text();
        expect(page).not.toContain('alert(1)');
      }
    });
  });

  it.each(FAILURE_REASONS)(
    'a forged reason "%s" is no code of ours: it is stored as the reason of the provider',
    async (reason) => {
      const { session, failure } = await begin();
      await returnUrlAfter(`${failure}?reason=${reason}`);
      expect(await readSession(service, session.id)).toMatchObject({
        status: 'failed',
        failureReason: null,
        providerReason: reason,
      });
      const path = `/v1/end-users/${session.referenceId}/diagnosis`;
      const { body } = await service.api<{ conclusions: { code: string }[] }>('GET', path);
      expect(body.conclusions.map(({ code }) => code)).toContain('failed_at_provider');
    },
  );

  describe('a genuine callback', () => {
    it.each(['null', 'absent'] as const)(
      'from a phone-only provider, with its user id %s, leaves the session pending until the webhook completes it',
      async (missingUserId) => {
        service.sandbox.behaviour.missingUserId = missingUserId;
        const { session, statusUrl } = await begin({ providers: ['APPLE'] });
        const callback = await connectThroughWidget(session.widgetUrl, { provider: 'APPLE' });
        expect(await returnUrlAfter(callback)).toBe(statusUrl('pending'));
        expect(await connectionsOf(service, session.referenceId)).toEqual([]);
        const { referenceId } = session;
        service.sandbox.account.connect({ provider: 'APPLE', referenceId });
        await service.drainWebhooks();
        expect((await readSession(service, session.id)).status).toBe('completed');
        expect(await returnUrlAfter(callback)).toBe(statusUrl('connected'));
      },
    );

    it.each([
      ['is down', { failWith: ['reset', 'reset'] as const }, 5_000],
      ['fails', { failWith: [500, 500] }, 5_000],
      ['sends malformed answers', { failWith: ['html', 'truncated'] as const }, 5_000],
      ['does not answer', { stall: true }, 8_000],
    ])(
      'redirects in time while Terra %s, and the webhook completes the session',
      async (_case, fault, boundMs) => {
        const { session, statusUrl } = await begin();
        const callback = await connectThroughWidget(session.widgetUrl, { provider: 'GARMIN' });
        Object.assign(service.sandbox.behaviour, fault, { faultsOnlyOn: '/userInfo' });
        const startedAt = Date.now();
        expect(await returnUrlAfter(callback)).toBe(statusUrl('pending'));
        expect(Date.now() - startedAt).toBeLessThan(boundMs);
        await service.drainWebhooks();
        expect(await connectionsOf(service, session.referenceId)).toHaveLength(1);
        expect(await returnUrlAfter(callback)).toBe(statusUrl('connected'));
      },
    );

    it("redirects to the caller's failure return URL when there is one", async () => {
      const failureReturnUrl = `${RETURN_URL}/failed?step=2`;
      const { session } = await begin({ failureReturnUrl });
      const callback = await cancelInWidget(session.widgetUrl, { provider: 'GARMIN' });
      expect(await returnUrlAfter(callback)).toBe(
        `${failureReturnUrl}&session_id=${session.id}&status=cancelled`,
      );
      const other = await begin({ failureReturnUrl });
      const success = await connectThroughWidget(other.session.widgetUrl, { provider: 'GARMIN' });
      expect(await returnUrlAfter(success)).toBe(other.statusUrl('connected'));
    });

    it("leads to an app's URL scheme, and keeps the query of the caller's return URL", async () => {
      const { session } = await begin({ returnUrl: 'pulse://connected' });
      const callback = await connectThroughWidget(session.widgetUrl, { provider: 'GARMIN' });
      const page = await (await visit(callback)).text();
      expect(page).toContain(`href="pulse://connected?session_id=${session.id}&#38;status=connected"`);
      const second = await begin({ returnUrl: `${RETURN_URL}?tab=a%20b&status=mine` });
      const target = await returnUrlAfter(
        await connectThroughWidget(second.session.widgetUrl, { provider: 'OURA' }),
      );
      expect(target).toBe(`${RETURN_URL}?tab=a%20b&session_id=${second.session.id}&status=connected`);
    });

    it.each([
      ['connected', 'Oura is connected'],
      ['pending', 'Almost there'],
      ['failed', 'Your device could not be connected'],
      ['cancelled', 'You cancelled'],
    ])('redirects to our own result page when the caller has no return URL: %s', async (status, title) => {
      const { session, success } = await begin({ returnUrl: undefined });
      const { widgetUrl } = session;
      const provider = 'OURA';
      const callback =
        status === 'connected'
          ? await connectThroughWidget(widgetUrl, { provider })
          : status === 'pending'
            ? success
            : await cancelInWidget(widgetUrl, {
                provider,
                reason: status === 'failed' ? 'missing_scopes' : 'access_denied',
              });
      const target = await returnUrlAfter(callback);
      expect(target).toBe(`${service.url}/connect/result?session_id=${session.id}&status=${status}`);
      // The page shows the stored status and ignores the one in its URL.
      const page = await visit(target.replace(/status=\w+/, 'status=connected'));
      expect(page.status).toBe(200);
      expect(await page.text()).toContain(`<h1>${title}</h1>`);
    });
  });
});
