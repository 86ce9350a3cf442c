import { DataSource } from 'typeorm';
import { ConnectionLifecycleService, type NewFact } from '../src/connections';
import { inTransaction } from '../src/database';
import { startTestApp, type TestApp } from './support/app';
import { migrateDatabase, undoMigrationsAfter } from './support/migrations';

interface Row {
  id: string;
  status: string;
  statusReason: string | null;
  terraUserId: string;
  scopes: string[];
  mergedInto: string | null;
}

const ID = (n: number): string => `01980c0e-0000-7000-8000-00000000000${n}`;
const AT = (minute: number): string => new Date(Date.UTC(2026, 10, 23, 8, minute)).toISOString();

/** Rows of 0.1.0, with the statuses of that version. */
const ROWS_OF_0_1_0 = `
  INSERT INTO terra_connect.connections
    (id, reference_id, provider, terra_user_id, status, status_reason, status_at, scopes, scopes_at, connected_at,
     disconnected_at, merged_into)
  VALUES
    ('${ID(1)}', 'anna', 'GARMIN', 'anna-2', 'active', NULL, '${AT(10)}', '{a,b}', '${AT(10)}', '${AT(0)}', NULL, NULL),
    ('${ID(2)}', 'anna', 'GARMIN', 'anna-2', 'active', NULL, '${AT(10)}', '{a}', '${AT(10)}', '${AT(10)}', NULL, '${ID(1)}'),
    ('${ID(3)}', 'bert', 'OURA', 'bert-1', 'error', 'connection_error', '${AT(5)}', '{c}', '${AT(0)}', '${AT(0)}', NULL, NULL),
    ('${ID(4)}', 'bert', 'GARMIN', 'bert-2', 'revoked', 'deauth', '${AT(7)}', '{}', '${AT(0)}', '${AT(0)}', '${AT(7)}', NULL),
    ('${ID(5)}', 'cleo', 'GARMIN', 'cleo-1', 'revoked', 'disconnected_by_us', '${AT(8)}', '{d}', '${AT(0)}', '${AT(0)}', '${AT(8)}', NULL);
  INSERT INTO terra_connect.connection_identities
    (terra_user_id, connection_id, reference_id, provider, cause, first_seen_at, superseded_by, superseded_at, ended_at,
     ended_cause)
  VALUES
    ('anna-1', '${ID(1)}', 'anna', 'GARMIN', 'auth', '${AT(0)}', 'anna-2', '${AT(10)}', '${AT(11)}', 'deauth'),
    ('anna-2', '${ID(1)}', 'anna', 'GARMIN', 'auth', '${AT(10)}', NULL, NULL, NULL, NULL),
    ('bert-1', '${ID(3)}', 'bert', 'OURA', 'callback', '${AT(0)}', NULL, NULL, NULL, NULL),
    ('bert-2', '${ID(4)}', 'bert', 'GARMIN', 'auth', '${AT(0)}', NULL, NULL, '${AT(7)}', 'deauth'),
    ('cleo-1', '${ID(5)}', 'cleo', 'GARMIN', 'auth', '${AT(0)}', NULL, NULL, '${AT(8)}', 'disconnected_by_us'),
    ('dora-1', NULL, NULL, NULL, 'deauth', '${AT(3)}', NULL, NULL, '${AT(3)}', 'deauth')`;

describe('An upgrade from 0.1.0', () => {
  let service: TestApp;
  beforeAll(async () => {
    service = await startTestApp();
    await undoMigrationsAfter(service.databaseUrl, 'CreateConnectTables1795400000000');
    await service.query(ROWS_OF_0_1_0);
    await migrateDatabase(service.databaseUrl);
  });
  afterAll(() => service.close());

  const rows = (): Promise<Row[]> =>
    service.query<Row>(`SELECT id, status, status_reason AS "statusReason", terra_user_id AS "terraUserId", scopes,
      merged_into AS "mergedInto" FROM terra_connect.connections ORDER BY id`);
  const record = async (fact: Pick<NewFact, 'terraUserId' | 'kind' | 'cause'> & Partial<NewFact>) => {
    const { app } = service;
    const whole = { source: 'webhook', occurredAt: new Date(), ...fact } as const;
    await inTransaction(app.get(DataSource), (manager) =>
      app.get(ConnectionLifecycleService, { strict: false }).record(manager, [whole]),
    );
  };

  it('keeps every connection as it was, with the new statuses', async () => {
    expect(await rows()).toMatchObject([
      { id: ID(1), status: 'active', statusReason: null, terraUserId: 'anna-2', mergedInto: null },
      { id: ID(2), mergedInto: ID(1) },
      { id: ID(3), status: 'needs_reauth', statusReason: 'connection_error' },
      { id: ID(4), status: 'disconnected', statusReason: 'deauth' },
      { id: ID(5), status: 'disconnected', statusReason: 'disconnected_by_us' },
    ]);
  });

  it('keeps enough history that late facts change no connection', async () => {
    const before = await rows();
    const garmin = { provider: 'GARMIN', scopes: null } as const;
    // A late copy of the first auth, a late end of a superseded Terra user, and an auth of an ended one.
    await record({
      ...garmin,
      terraUserId: 'anna-1',
      referenceId: 'anna',
      kind: 'linked',
      cause: 'auth',
      occurredAt: new Date(AT(1)),
    });
    await record({ terraUserId: 'anna-1', kind: 'ended', cause: 'access_revoked' });
    await record({ ...garmin, terraUserId: 'bert-2', referenceId: 'bert', kind: 'linked', cause: 'auth' });
    await record({ terraUserId: 'cleo-1', kind: 'ended', cause: 'deauth' });
    await record({ terraUserId: 'bert-1', kind: 'failing', cause: 'connection_error' });
    expect(await rows()).toEqual(before);
    // Only the end of dora's Terra user is known.
    await record({
      ...garmin,
      terraUserId: 'dora-1',
      referenceId: 'dora',
      kind: 'linked',
      cause: 'auth',
      occurredAt: new Date(AT(2)),
    });
    expect((await rows()).at(-1)).toMatchObject({
      terraUserId: 'dora-1',
      status: 'disconnected',
      statusReason: 'deauth',
    });
  });

  it('keeps the id of a connection when its account is reconnected', async () => {
    await record({
      terraUserId: 'anna-3',
      oldTerraUserId: 'anna-2',
      referenceId: 'anna',
      provider: 'GARMIN',
      kind: 'swapped',
      cause: 'user_reauth',
    });
    expect((await rows())[0]).toMatchObject({ id: ID(1), terraUserId: 'anna-3', status: 'active' });
    expect((await service.api('GET', `/v1/connections/${ID(2)}`)).body).toMatchObject({ id: ID(1) });
  });
});
