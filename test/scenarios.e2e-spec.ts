import type { ScenarioName } from '../sandbox';
import { startTestApp, type TestApp } from './support/app';
import { connectionsOf, newReference, startSession, visit, type ConnectionAnswer } from './support/flow';
import { sweep } from './support/reconciliation';
import { connectThroughWidget } from './support/sandbox';

interface Line {
  kind: string;
  occurredAt: string;
}

describe('The service, while the sandbox plays a scenario', () => {
  let service: TestApp;
  beforeEach(async () => (service = await startTestApp()));
  afterEach(() => service.close());

  /** Plays the scenario for a new reference, processes its webhooks, and returns the connections. */
  const play = async (
    name: ScenarioName,
    switches: Record<string, unknown> = {},
  ): Promise<{ referenceId: string; connections: ConnectionAnswer[]; userIds: string[] }> => {
    const referenceId = newReference();
    const { users } = await service.sandbox.play(name, { referenceId, switches });
    await service.drainWebhooks();
    const connections = await connectionsOf(service, referenceId);
    return { referenceId, connections, userIds: users.map(({ user_id }) => user_id) };
  };
  const reconcile = (referenceId: string) =>
    service.api('POST', `/v1/end-users/${encodeURIComponent(referenceId)}/reconcile`);
  const identityCountOf = async (connectionId: string | undefined): Promise<number> =>
    (
      await service.query(`SELECT 1 FROM terra_connect.connection_identities WHERE connection_id = $1`, [
        connectionId,
      ])
    ).length;

  it('lost-webhook: a reconcile finds the connection (R5)', async () => {
    const { referenceId, connections, userIds } = await play('lost-webhook');
    expect(connections).toEqual([]);
    expect((await reconcile(referenceId)).status).toBe(200);
    expect(await connectionsOf(service, referenceId)).toMatchObject([
      { status: 'active', terraUserId: userIds[0] },
    ]);
  });

  it('duplicated: there is one connection, with each fact once in its history (R3)', async () => {
    const { connections } = await play('duplicated');
    expect(connections).toMatchObject([{ status: 'active' }]);
    const { body } = await service.api<{ items: Line[] }>(
      'GET',
      `/v1/connections/${connections[0]?.id}/history`,
    );
    expect(body.items.map(({ kind }) => kind).sort()).toEqual(['linked', 'linked', 'swapped']);
  });

  it.each([
    'reordered',
    'reauth',
    'reauth-null-old',
    'reauth-never',
    'reauth-late',
    'phone-provider',
  ] as const)('%s: there is one active connection, with the second Terra user (T-13, T-15)', async (name) => {
    const { connections, userIds } = await play(name);
    expect(connections).toMatchObject([{ status: 'active', terraUserId: userIds.at(-1) }]);
    expect(await identityCountOf(connections[0]?.id)).toBe(2);
  });

  it('late: a late webhook does not change the connection that a reconcile created (T-12)', async () => {
    const referenceId = newReference();
    await service.sandbox.play('late', { referenceId, switches: { webhookDelayMs: 500 } });
    await reconcile(referenceId);
    const [early] = await connectionsOf(service, referenceId);
    expect(early).toMatchObject({ status: 'active' });
    await service.drainWebhooks();
    expect(await connectionsOf(service, referenceId)).toMatchObject([{ id: early?.id, status: 'active' }]);
  });

  it('data-before-auth: the connection becomes active (T-12)', async () => {
    const { connections, userIds } = await play('data-before-auth');
    expect(connections).toMatchObject([{ status: 'active', terraUserId: userIds[0] }]);
  });

  it('data-after-disconnect: the connection stays disconnected (T-24)', async () => {
    const { connections } = await play('data-after-disconnect');
    expect(connections).toMatchObject([{ status: 'disconnected', statusReason: 'deauth' }]);
  });

  it('moved-account: the first connection becomes moved, and the other end user gets a new one (T-16)', async () => {
    const { referenceId, connections, userIds } = await play('moved-account');
    expect(connections).toMatchObject([{ status: 'moved', terraUserId: userIds[0] }]);
    expect(await connectionsOf(service, `${referenceId}-other`)).toMatchObject([
      { status: 'active', terraUserId: userIds[1] },
    ]);
  });

  it('user-cap: the session stays open, and existing connections stay active', async () => {
    const { connections } = await play('reauth');
    await service.sandbox.play('user-cap', {});
    const session = await startSession(service);
    await visit(session.connectUrl);
    await connectThroughWidget(session.widgetUrl, { provider: 'GARMIN' });
    await service.drainWebhooks();
    const { body } = await service.api('GET', `/v1/connect-sessions/${session.id}`);
    expect(body).toMatchObject({ status: 'opened', connections: [] });
    expect((await service.api('GET', `/v1/connections/${connections[0]?.id}`)).body).toMatchObject({
      status: 'active',
    });
  });

  it('gone-410: sessions use the current endpoint', async () => {
    await service.sandbox.play('gone-410', {});
    expect(await startSession(service)).toMatchObject({ status: 'pending' });
  });

  it('empty-list: no connection ends, and a sweep awaits approval (T-23)', async () => {
    const { referenceId } = await play('empty-list');
    await reconcile(referenceId);
    expect((await sweep(service)).sweep).toMatchObject({ status: 'awaiting_approval' });
    expect(await connectionsOf(service, referenceId)).toMatchObject([{ status: 'active' }]);
  });

  it('slow: sessions start, and the service accepts webhooks immediately (R2)', async () => {
    const { connections } = await play('slow', { delayMs: 500 });
    expect(connections).toMatchObject([{ status: 'active' }]);
    expect(await startSession(service)).toMatchObject({ status: 'pending' });
  });

  it('flaky-500: calls that may be repeated succeed, and so does a disconnect', async () => {
    const { referenceId, connections } = await play('flaky-500');
    await service.api('DELETE', `/v1/connections/${connections[0]?.id}`);
    await service.drainDeauthentications();
    expect(await connectionsOf(service, referenceId)).toMatchObject([{ status: 'disconnected' }]);
  });

  it('terra-down: sessions fail with 503, and a disconnect waits until Terra answers again (R8, T-24)', async () => {
    const { referenceId, connections } = await play('terra-down');
    const session = await service.api('POST', '/v1/connect-sessions', { body: { referenceId } });
    expect(session).toMatchObject({ status: 503, body: { code: 'terra.unavailable' } });
    expect(session.headers.get('retry-after')).toMatch(/^\d+$/);
    await service.api('DELETE', `/v1/connections/${connections[0]?.id}`);
    await service.drainDeauthentications();
    expect(await connectionsOf(service, referenceId)).toMatchObject([{ status: 'disconnecting' }]);
  });
});
