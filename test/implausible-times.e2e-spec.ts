import { randomUUID } from 'node:crypto';
import { loggedLines, startTestApp, type TestApp } from './support/app';
import { connectionsOf, newReference, type ConnectionAnswer } from './support/flow';
import { reconcile, sweep, withWebhooksLost } from './support/reconciliation';
import { postWebhook } from './support/webhooks';

const YEAR_5138 = new Date(99_999_999_999_999);
const YEAR_2001 = new Date(1_000_000_000_000);

describe('A time that Terra tells and that cannot be right has no effect (T-13)', () => {
  let service: TestApp;
  beforeAll(async () => (service = await startTestApp()));
  afterAll(() => service.close());
  beforeEach(() => service.log.splice(0));

  const userOf = (referenceId: string) => ({
    user_id: randomUUID(),
    provider: 'GARMIN',
    reference_id: referenceId,
    scopes: 'A',
  });
  const deliver = async (event: object, occurredAt?: Date): Promise<void> => {
    // Deliveries in one second need different bodies.
    const body = { ...event, message: randomUUID() };
    expect((await postWebhook(service, body, { occurredAt })).status).toBe(200);
    await service.drainWebhooks();
  };
  const rejected = async (name: string, problem: string): Promise<number> => {
    const { body } = await service.api<string>('GET', '/metrics');
    const line = `terra_connect_terra_times_rejected_total{name="${name}",problem="${problem}"} `;
    return Number(body.split(line)[1]?.split('\n')[0] ?? 0);
  };

  it('a connection_error dated to the year 5138 ends when the end user connects again', async () => {
    const referenceId = newReference();
    const user = userOf(referenceId);
    await deliver({ type: 'auth', status: 'success', user }, new Date(Date.now() - 60_000));
    await deliver({ type: 'connection_error', status: 'warning', user }, YEAR_5138);
    const [broken] = await connectionsOf(service, referenceId);
    expect(broken).toMatchObject({ status: 'needs_reauth' });
    await deliver({ type: 'auth', status: 'success', user }, new Date(Date.now() + 2_000));
    expect(await connectionsOf(service, referenceId)).toMatchObject([{ status: 'active' }]);
    expect(await rejected('ordering_timestamp', 'too_late')).toBe(1);
    expect(loggedLines(service, 'terra.time_rejected')).toMatchObject([
      { level: 'warn', name: 'ordering_timestamp', problem: 'too_late', count: 1 },
    ]);
  });

  it('an auth dated to the year 2001 takes no Terra user away from its owner', async () => {
    const [owner, claimant] = [newReference(), newReference()];
    const user = userOf(owner);
    await deliver({ type: 'auth', status: 'success', user }, new Date(Date.now() - 60_000));
    await deliver({ type: 'auth', status: 'success', user: { ...user, reference_id: claimant } }, YEAR_2001);
    expect(await connectionsOf(service, owner)).toMatchObject([{ status: 'active' }]);
    expect(await connectionsOf(service, claimant)).toEqual([]);
    expect(await rejected('ordering_timestamp', 'too_early')).toBe(1);
  });

  it('a Terra user that is listed as created in the year 1 or 5138 is dated by our request', async () => {
    for (const createdAt of [new Date('0001-01-01T00:00:00Z'), YEAR_5138]) {
      const referenceId = newReference();
      const user = withWebhooksLost(service, () =>
        service.sandbox.account.connect({ provider: 'OURA', referenceId }),
      );
      user.createdAt = createdAt.getTime();
      const { body } = await reconcile(service, referenceId);
      expect(body.changes).toMatchObject([{ action: 'link' }]);
      const [connection] = (await connectionsOf(service, referenceId)) as (ConnectionAnswer & {
        connectedAt: string;
      })[];
      expect(connection?.connectedAt).toBe(body.askedAt);
    }
    expect(await rejected('created_at', 'too_early')).toBeGreaterThan(0);
    expect(await rejected('created_at', 'too_late')).toBeGreaterThan(0);
  });

  it('data that Terra dates to the year 5138 proves no recovery, and a page is logged once per kind', async () => {
    const referenceId = newReference();
    const user = service.sandbox.account.connect({ provider: 'GARMIN', referenceId });
    await service.drainWebhooks();
    service.sandbox.account.reportConnectionError(user.userId);
    await service.drainWebhooks();
    service.log.splice(0);
    for (const each of service.sandbox.account.users.values()) each.lastWebhookUpdate = YEAR_5138.getTime();
    await sweep(service);
    expect(await connectionsOf(service, referenceId)).toMatchObject([{ status: 'needs_reauth' }]);
    const lines = loggedLines(service, 'terra.time_rejected').filter(
      ({ name }) => name === 'last_webhook_update',
    );
    expect(lines).toMatchObject([{ problem: 'too_late', count: service.sandbox.account.users.size }]);
  });
});
