import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { MIGRATIONS } from '../migrations';
import { describeDatabaseError, withMigrator } from '../src/database';
import { ErasureWorker, RetentionWorker } from '../src/privacy';
import { SweepWorker } from '../src/reconciliation';
import { startTestApp, type TestApp } from './support/app';
import { createTestDatabase, type TestDatabase } from './support/database';
import { connectionsOf, newReference, startSession, visit } from './support/flow';
import { undoMigrationsAfter } from './support/migrations';
import { connectThroughWidget } from './support/sandbox';

const OPTIONS = { waitSeconds: 30, force: false };
const PASSWORD = 'not-a-secret';

/** The statements of docs/operations.md, so that the test fails when the documentation is wrong. */
const documentation = readFileSync(join(__dirname, '..', 'docs', 'operations.md'), 'utf8');
const [GRANTS = '', HAND_OVER = ''] = [...documentation.matchAll(/```sql\n([^`]+)```/g)].map(
  ([, sql]) => sql,
);

/** The roles belong to the whole server, so each test has its own names. */
interface Roles {
  owner: string;
  app: string;
}

function newRoles(): Roles {
  const suffix = randomBytes(4).toString('hex');
  return { owner: `terra_owner_${suffix}`, app: `terra_app_${suffix}` };
}

describe('The rights of database roles', () => {
  let database: TestDatabase;
  let roles: Roles;
  beforeEach(async () => {
    database = await createTestDatabase();
    roles = newRoles();
  });
  afterEach(async () => {
    await database.query(`DROP OWNED BY ${roles.owner} CASCADE; DROP OWNED BY ${roles.app} CASCADE`);
    await database.query(`DROP ROLE ${roles.owner}; DROP ROLE ${roles.app}`);
    await database.drop();
  });

  /** Runs documented statements. The owner may create nothing outside of our schema, as since PostgreSQL 15. */
  async function run(documented: string): Promise<void> {
    const statements = documented
      .replaceAll('terra_owner', roles.owner)
      .replaceAll('terra_app', roles.app)
      .replaceAll('…', PASSWORD);
    await database.query(`REVOKE CREATE ON SCHEMA public FROM PUBLIC; ${statements}`);
  }
  const urlFor = (role: string): string => {
    const url = new URL(database.url);
    [url.username, url.password] = [role, PASSWORD];
    return url.href;
  };
  const migrate = (url: string): Promise<string[]> =>
    withMigrator(url, OPTIONS, (migrator) => migrator.apply());

  it('suffice as documented: the owner of a schema that a DBA made migrates, and a role for rows serves', async () => {
    await database.query('DROP SCHEMA terra_connect CASCADE');
    await run(GRANTS);
    expect(await migrate(urlFor(roles.owner))).toHaveLength(MIGRATIONS.length);

    const service = await startTestApp({ DATABASE_URL: urlFor(roles.app) });
    try {
      expect((await service.api('GET', '/health/ready')).status).toBe(200);
      await useEverything(service);
      // The service may read and write every table of ours, but it may not change one.
      const tables = await database.query<{ name: string; readable: boolean }>(
        `SELECT relname AS name, has_table_privilege($1, oid, 'SELECT') AS readable FROM pg_class
         WHERE relnamespace = 'terra_connect'::regnamespace AND relkind = 'r'`,
        [roles.app],
      );
      expect(tables.filter(({ readable }) => !readable)).toEqual([]);
      await expectDenied(`ALTER TABLE terra_connect.connections ADD COLUMN x int`);
      await expectDenied(`CREATE TABLE terra_connect.x ()`);
    } finally {
      await service.close();
    }
  });

  it('that are missing are named, with the documentation of the grants', async () => {
    await database.query('DROP SCHEMA terra_connect CASCADE');
    await run(GRANTS);
    await database.query('DROP SCHEMA terra_connect');
    const error: unknown = await migrate(urlFor(roles.owner)).catch((reason: unknown) => reason);
    expect(describeDatabaseError(error)).toMatch(
      /^The database role lacks a right \(permission denied for database .*\)\. docs\/operations\.md/,
    );
  });

  it('can be handed over, with the tables and the list of migrations that another role has created', async () => {
    await undoMigrationsAfter(database.url, 'AddSessionChecks1795500150000');
    await database.query('ALTER TABLE terra_connect.terra_connect_migrations SET SCHEMA public');
    await run(GRANTS);
    await run(HAND_OVER);
    expect(await migrate(urlFor(roles.owner))).toContain('RenameToDomainWords1795600000000');
    const service = await startTestApp({ DATABASE_URL: urlFor(roles.app) });
    expect((await service.api('GET', '/health/ready')).status).toBe(200);
    await service.close();
  });

  async function expectDenied(sql: string): Promise<void> {
    const client = new Client({ connectionString: urlFor(roles.app) });
    await client.connect();
    await expect(client.query(sql)).rejects.toMatchObject({ code: '42501' });
    await client.end();
  }
});

/** Connects, disconnects, sweeps, erases and prunes, so that each module reads and writes its tables. */
async function useEverything(service: TestApp): Promise<void> {
  const referenceId = newReference();
  const session = await startSession(service, { referenceId });
  await visit(await connectThroughWidget(session.widgetUrl, { provider: 'GARMIN' }));
  await service.drainWebhooks();
  const [connection] = await connectionsOf(service, referenceId);
  expect(connection).toMatchObject({ status: 'active' });

  expect((await service.api('POST', '/v1/sweeps', { body: {} })).status).toBe(202);
  await service.app.get(SweepWorker, { strict: false }).runOnce();
  const sweeps = await service.api<{ items: unknown[] }>('GET', '/v1/sweeps');
  expect(sweeps.body.items).toMatchObject([{ status: 'completed' }]);

  expect((await service.api('DELETE', `/v1/connections/${connection?.id}`)).status).toBe(202);
  const erasure = await service.api<{ id: string }>('DELETE', `/v1/end-users/${referenceId}`);
  await service.drainDeauthentications();
  await service.app.get(ErasureWorker, { strict: false }).runOnce();
  const receipt = await service.api('GET', `/v1/erasures/${erasure.body.id}`);
  expect(receipt.body).toMatchObject({ status: 'completed' });
  await service.app.get(RetentionWorker, { strict: false }).runOnce();
  expect(service.log.join('')).not.toContain('permission denied');
}
