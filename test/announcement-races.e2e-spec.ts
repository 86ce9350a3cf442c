import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource, type EntityManager } from 'typeorm';
import { ConnectionAnnouncer, SessionOutcomeService } from '../src/connect-sessions';
import { ConnectionLifecycleService, type Connection, type NewFact } from '../src/connections';
import { inTransaction } from '../src/database';
import { startTestApp, type TestApp } from './support/app';
import { connectionsOf, newReference, readSession, startSession } from './support/flow';

describe('T-15: the announcement of a provisional connection', () => {
  let service: TestApp;
  beforeAll(async () => (service = await startTestApp()));
  afterAll(() => service.close());

  const get = <Service>(type: new (...dependencies: never[]) => Service): Service =>
    service.app.get<Service>(type, { strict: false });
  const inOne = <Result>(work: (manager: EntityManager) => Promise<Result>): Promise<Result> =>
    inTransaction(service.app.get(DataSource), work);
  const record = (facts: NewFact[]) =>
    inOne((manager) => get(ConnectionLifecycleService).record(manager, facts));
  const at = (seconds: number): Date => new Date(Date.now() - 10_000 + seconds * 1_000);
  const isWaitingForLock = async (): Promise<void> => {
    const sql = `SELECT FROM pg_locks WHERE NOT granted AND locktype = 'advisory'
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
    while ((await service.query(sql)).length === 0) await sleep(20);
  };

  it('leaves no session open that a callback links at the same moment', async () => {
    const referenceId = newReference();
    const [first, second] = [newReference(), newReference()];
    const about = { kind: 'linked', source: 'webhook', referenceId, provider: 'GARMIN' } as const;
    await record([{ ...about, terraUserId: first, cause: 'auth', occurredAt: at(1) }]);
    await record([{ ...about, terraUserId: second, cause: 'auth', occurredAt: at(2) }]);
    // The time to ask Terra is over, so the announcement comes at once.
    await service.query(`UPDATE terra_connect.connections SET created_at = created_at - interval '1 minute'`);
    const session = await startSession(service, { referenceId });
    let announcing: Promise<unknown> = Promise.resolve();
    await inOne(async (manager) => {
      const [recorded] = await get(ConnectionLifecycleService).record(manager, [
        { ...about, terraUserId: second, cause: 'callback', source: 'callback', occurredAt: at(3) },
      ]);
      const connection = recorded?.connection as Connection;
      expect(connection.provisionalCheckAt).not.toBeNull();
      announcing = get(ConnectionAnnouncer).runOnce();
      await Promise.race([announcing, isWaitingForLock()]);
      const link = { terraUserId: second, connection, joined: false };
      await get(SessionOutcomeService).recordConnectedIn(manager, session.id, link, at(3));
    });
    await announcing;
    expect((await readSession(service, session.id)).status).toBe('completed');
    expect(await connectionsOf(service, referenceId)).toHaveLength(2);
  });

  it('of two that become known together, the announced one keeps its id when they turn out to be one', async () => {
    const referenceId = newReference();
    const [first, second] = [newReference(), newReference()];
    const about = { source: 'webhook', referenceId, provider: 'GARMIN' } as const;
    await record([
      { ...about, terraUserId: second, kind: 'failing', cause: 'connection_error', occurredAt: at(0) },
      { ...about, terraUserId: first, kind: 'linked', cause: 'auth', occurredAt: at(1) },
      { ...about, terraUserId: second, kind: 'linked', cause: 'auth', occurredAt: at(2) },
    ]);
    const [announced, ...others] = await connectionsOf(service, referenceId);
    expect([announced?.terraUserId, others]).toEqual([first, []]);
    const swap = { kind: 'swapped', cause: 'user_reauth', oldTerraUserId: first } as const;
    await record([{ ...about, ...swap, terraUserId: second, occurredAt: at(3) }]);
    expect(await connectionsOf(service, referenceId)).toMatchObject([
      { id: announced?.id, terraUserId: second },
    ]);
  });
});
