import { randomUUID } from 'node:crypto';
import { startTestApp, type TestApp } from './support/app';
import { connectionsOf, newReference, readSession, startSession, stateOf, visit } from './support/flow';
import { connectThroughWidget } from './support/sandbox';
import { postWebhook, type WebhookOptions } from './support/webhooks';

const MEASUREMENT = 'heart-rate-of-4711';

describe('Events after a connection is made', () => {
  let service: TestApp;
  beforeAll(async () => (service = await startTestApp()));
  beforeEach(() => service.sandbox.reset());
  afterAll(() => service.close());

  const userOf = (
    referenceId: string | null,
    userId: string = randomUUID(),
    scopes: string | null = 'A,B',
  ) => ({
    user_id: userId,
    provider: 'GARMIN',
    reference_id: referenceId,
    scopes,
  });
  const deliver = async (event: object, options: WebhookOptions = {}): Promise<string> => {
    const traceId = randomUUID();
    expect((await postWebhook(service, event, { traceId, ...options })).status).toBe(200);
    await service.drainWebhooks();
    const [stored] = await service.query<{ status: string }>(
      'SELECT status FROM terra_connect.webhook_events WHERE trace_id = $1',
      [traceId],
    );
    return stored?.status ?? 'not stored';
  };
  const auth = (user: object) => ({ type: 'auth', status: 'success', user });

  describe('permission_change', () => {
    it.each<[string, string | null | undefined, string, string, string[]]>([
      ['lists the current scopes', 'A,C', 'C', 'B', ['A', 'C']],
      ['lists the current scopes without a change', 'B', '', '', ['B']],
      ['names only the changes', null, 'C,D', 'A', ['B', 'C', 'D']],
      ['removes every scope', '', '', 'A,B', []],
      ['names neither scopes nor changes', undefined, '', '', ['A', 'B']],
    ])('sets the scopes of the connection when it %s', async (_case, scopes, added, removed, expected) => {
      const referenceId = newReference();
      const user = userOf(referenceId);
      await deliver(auth(user));
      const change = { user: { ...user, scopes }, scopes_added: added, scopes_removed: removed };
      expect(await deliver({ type: 'permission_change', ...change })).toBe('done');
      const [connection] = await connectionsOf(service, referenceId);
      expect(connection?.scopes.sort()).toEqual(expected);
      // Without any permission, Terra cannot read data.
      const status = expected.length > 0 ? ['active', null] : ['needs_reauth', 'missing_scopes'];
      expect([connection?.status, connection?.statusReason]).toEqual(status);
    });

    it('T-13: changes nothing when it is older than the known state', async () => {
      const referenceId = newReference();
      const user = userOf(referenceId);
      await deliver(auth(user));
      const occurredAt = new Date(Date.now() - 60_000);
      await deliver({ type: 'permission_change', user: { ...user, scopes: 'OLD' } }, { occurredAt });
      expect(await connectionsOf(service, referenceId)).toMatchObject([{ scopes: ['A', 'B'] }]);
    });
  });

  describe('user_reauth', () => {
    it.each(['on', 'reordered', 'duplicated'] as const)(
      'T-15: keeps the connection and gives it the new Terra user (webhooks %s)',
      async (webhooks) => {
        const referenceId = newReference();
        const { account, behaviour } = service.sandbox;
        const old = account.connect({ provider: 'GARMIN', referenceId });
        await service.drainWebhooks();
        const [before] = await connectionsOf(service, referenceId);
        behaviour.webhooks = webhooks;
        const renewed = account.connect({ provider: 'GARMIN', referenceId });
        await service.drainWebhooks();
        expect(renewed.userId).not.toBe(old.userId);
        expect(await connectionsOf(service, referenceId)).toMatchObject([
          { id: before?.id, terraUserId: renewed.userId, status: 'active' },
        ]);
      },
    );

    it('T-15: keeps the connection active when the old Terra user ends later', async () => {
      const referenceId = newReference();
      const [old, renewed] = [userOf(referenceId), userOf(referenceId)];
      await deliver(auth(old));
      await deliver({ type: 'user_reauth', old_user: old, new_user: renewed });
      expect(await deliver({ type: 'deauth', user: old })).toBe('done');
      expect(await connectionsOf(service, referenceId)).toMatchObject([
        { terraUserId: renewed.user_id, status: 'active' },
      ]);
    });

    it('makes the id of a merged connection lead to the remaining connection', async () => {
      const referenceId = newReference();
      const [old, renewed] = [userOf(referenceId), userOf(referenceId)];
      await deliver(auth(old));
      const [first] = await connectionsOf(service, referenceId);
      await deliver(auth(renewed));
      const merged = (await connectionsOf(service, referenceId)).find(({ id }) => id !== first?.id);
      await deliver({ type: 'user_reauth', old_user: old, new_user: renewed });
      const { body } = await service.api('GET', `/v1/connections/${merged?.id}`);
      expect(body).toMatchObject({ id: first?.id, terraUserId: renewed.user_id });
    });

    it.each([
      ['names no old user', null],
      ['names an unknown old user', userOf('another-end-user', 'unknown-user')],
    ])('links the new Terra user when it %s', async (_case, oldUser) => {
      const referenceId = newReference();
      const renewed = userOf(referenceId);
      expect(await deliver({ type: 'user_reauth', old_user: oldUser, new_user: renewed })).toBe('done');
      expect(await connectionsOf(service, referenceId)).toMatchObject([{ terraUserId: renewed.user_id }]);
    });

    it.each<[string, string, object]>([
      ['ignored', 'no new user', { old_user: userOf('somebody') }],
      ['parked', 'no reference', { old_user: null, new_user: userOf(null) }],
      ['parked', 'the text null for a reference', { old_user: null, new_user: userOf('null') }],
    ])('is %s when it has %s', async (status, _case, users) => {
      const before = await stateOf(service);
      expect(await deliver({ type: 'user_reauth', ...users })).toBe(status);
      expect((await stateOf(service)).connections).toEqual(before.connections);
    });

    it('leaves one connection per account in its session, although two existed temporarily', async () => {
      const session = await startSession(service, { multiAuth: true });
      const visits = [{ provider: 'GARMIN' }, { provider: 'GARMIN' }, { provider: 'OURA' }];
      for (const choice of visits) {
        await visit(await connectThroughWidget(session.widgetUrl, choice));
        await service.drainWebhooks();
      }
      const { status, connections } = await readSession(service, session.id);
      expect(status).toBe('completed');
      expect(connections.map(({ provider }) => provider).sort()).toEqual(['GARMIN', 'OURA']);
    });
  });

  describe('other events', () => {
    it.each([
      ...['google_no_datasource', 'processing', 'rate_limit_hit', 'healthcheck'],
      ...['large_request_processing', 'large_request_sending'],
    ])('%s is acknowledged and changes nothing', async (type) => {
      const referenceId = newReference();
      const user = userOf(referenceId);
      await deliver(auth(user));
      const before = await stateOf(service);
      expect(await deliver({ type, status: 'warning', user })).toBe('done');
      expect(await deliver({ type })).toBe('done');
      expect({ ...(await stateOf(service)), webhook_events: '' }).toEqual({ ...before, webhook_events: '' });
    });

    it.each([
      ...['activity', 'athlete', 'body', 'daily', 'menstruation', 'nutrition', 'sleep'],
      ...['planned_workout', 'hormone', 'health_observation', 'lab_report.completed', 'lab_report.failed'],
    ])('%s changes nothing, and its measurements are not kept', async (type) => {
      const user = userOf(newReference());
      await deliver(auth(user));
      await deliver({ type: 'connection_error', user });
      const before = await stateOf(service);
      const data = [{ heart: MEASUREMENT }];
      expect(await deliver({ type, user, data, athlete: { name: MEASUREMENT } })).toBe('done');
      // T-13: late data does not prove a recovery. The service records only its time.
      const excluded = { webhook_events: '', connections: '' };
      expect({ ...(await stateOf(service)), ...excluded }).toEqual({ ...before, ...excluded });
      expect(await connectionsOf(service, user.reference_id ?? '')).toMatchObject([
        // A lab report names no Terra user.
        {
          status: 'needs_reauth',
          lastDataAt: type.startsWith('lab') ? null : (expect.any(String) as unknown),
        },
      ]);
      const kept = await service.query(
        `SELECT 1 FROM terra_connect.webhook_events e
          WHERE position($1 IN convert_from(body, 'UTF8')) > 0 OR e::text LIKE '%' || $1 || '%'`,
        [MEASUREMENT],
      );
      expect(kept).toEqual([]);
    });

    it('T-18: an address in an s3_payload is not fetched', async () => {
      const url = `${service.sandbox.url}/api/v2/should-not-be-fetched`;
      expect(await deliver({ type: 's3_payload', status: 'success', url, expires_in: 300 })).toBe('done');
      expect(service.sandbox.requests).toEqual([]);
    });

    it('an unknown type is ignored, and never becomes the label of a metric', async () => {
      const before = await stateOf(service);
      expect(await deliver({ type: 'wristband_exploded', user: userOf('x') })).toBe('ignored');
      expect(await deliver({ type: 'constructor', user: userOf('x') })).toBe('ignored');
      expect({ ...(await stateOf(service)), webhook_events: '' }).toEqual({ ...before, webhook_events: '' });
      const metrics = await (await fetch(`${service.url}/metrics`)).text();
      expect(metrics).not.toMatch(/wristband|type="constructor"/);
    });
  });
});
