import { createServer, connect, type AddressInfo, type Server } from 'node:net';
import { Client } from 'pg';
import { MIGRATIONS } from '../migrations';
import { applicationName, withMigrator, type MigratorOptions } from '../src/database';
import { startTestApp } from './support/app';
import { createTestDatabase, type TestDatabase } from './support/database';
import { undoMigrationsAfter } from './support/migrations';

const NAMES = MIGRATIONS.map(({ name }) => name);
const [FIRST = ''] = NAMES;
const NEWEST = NAMES.at(-1)!;
const LIST = 'terra_connect.terra_connect_migrations';

describe('The migration of a database', () => {
  let database: TestDatabase;
  const clients: Client[] = [];
  const proxies: Server[] = [];
  beforeEach(async () => (database = await createTestDatabase()));
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.end();
    for (const proxy of proxies.splice(0)) proxy.close();
    await database.drop();
  });

  /** A session of another program. */
  async function connectAs(application_name: string): Promise<Client & { pid: number }> {
    const client = new Client({ connectionString: database.url, application_name });
    clients.push(client);
    await client.connect();
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    return Object.assign(client, { pid: rows[0]!.pid });
  }
  const migrate = (options: Partial<MigratorOptions> = {}, url = database.url): Promise<string[]> =>
    withMigrator(url, { waitSeconds: 1, force: false, ...options }, (migrator) => migrator.apply());
  const empty = (): Promise<unknown> => database.query('DROP SCHEMA terra_connect CASCADE');
  const applied = async (): Promise<string[]> =>
    (await database.query<{ name: string }>(`SELECT name FROM ${LIST} ORDER BY id`)).map(({ name }) => name);
  const messageOf = async (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => 'no error',
      (error: Error) => error.message,
    );

  describe('keeps its list', () => {
    it('in our schema, where it carries over the list of an earlier version', async () => {
      await undoMigrationsAfter(database.url, FIRST);
      await database.query(`CREATE SCHEMA elsewhere; ALTER TABLE ${LIST} SET SCHEMA elsewhere`);
      expect(await migrate()).toEqual(NAMES.slice(1));
      expect(await applied()).toEqual(NAMES);
      const lists = `SELECT relnamespace::regnamespace::text AS schema FROM pg_class
        WHERE relname IN ('terra_connect_migrations', 'terra_connect_migrations_id_seq')`;
      expect(await database.query(lists)).toEqual([{ schema: 'terra_connect' }, { schema: 'terra_connect' }]);
    });

    it('apart from that of a host, whose tables it recognises', async () => {
      await database.query(`DROP TABLE ${LIST}`);
      expect(await messageOf(migrate())).toContain('its own migration run creates and changes the tables');
    });
  });

  it('ends between two migrations when one fails, says which one, and goes on there', async () => {
    await undoMigrationsAfter(database.url, FIRST);
    await database.query('CREATE TABLE terra_connect.erasures ()');
    const message = await messageOf(migrate());
    expect(message).toContain(
      'The migration AddErasures1795500300000 failed: relation "erasures" already exists',
    );
    expect(message).toContain('run the command again: it goes on where it stopped');
    const failed = NAMES.indexOf('AddErasures1795500300000');
    expect(await applied()).toEqual(NAMES.slice(0, failed));
    await database.query('DROP TABLE terra_connect.erasures');
    expect(await migrate()).toEqual(NAMES.slice(failed));
  });

  it('works with the settings that a database imposes', async () => {
    await empty();
    await database.query(`
      DO $$ DECLARE setting text; BEGIN
        FOREACH setting IN ARRAY ARRAY['default_transaction_read_only = on', 'search_path = nowhere',
          'default_transaction_isolation = serializable', 'DateStyle = "SQL, DMY"', 'TimeZone = "Asia/Kolkata"']
        LOOP EXECUTE format('ALTER DATABASE %I SET ', current_database()) || setting; END LOOP;
      END $$`);
    expect(await migrate()).toEqual(NAMES);
  });

  describe('waits for other sessions with a deadline', () => {
    it('and says who holds the migration lock', async () => {
      const holder = await connectAs('a forgotten terminal');
      await holder.query('SELECT pg_advisory_lock(7283114)');
      const message = await messageOf(migrate());
      expect(message).toMatch(
        new RegExp(
          `1 seconds .*: pid ${holder.pid} \\("a forgotten terminal" from 127\\.0\\.0\\.1, connected since `,
        ),
      );
      expect(message).toContain(`SELECT pg_terminate_backend(${holder.pid})`);
      await holder.query('SELECT pg_advisory_unlock(7283114)');
      expect(await migrate()).toEqual([]);
    });

    it('and keeps no lock in its session, which a pooler gives to the next client', async () => {
      await withMigrator(database.url, { waitSeconds: 1, force: false }, async (migrator) => {
        await migrator.apply();
        const locks = `SELECT pid FROM pg_locks JOIN pg_stat_activity USING (pid)
          WHERE locktype = 'advisory' AND datname = current_database()`;
        expect(await database.query(locks)).toEqual([]);
      });
    });

    it('and changes nothing when another session keeps using a table', async () => {
      const changesTheTable = 'RenameToDomainWords1795600000000';
      await undoMigrationsAfter(database.url, changesTheTable);
      const before = await applied();
      const reader = await connectAs('a long report');
      await reader.query('BEGIN; LOCK TABLE terra_connect.connect_sessions IN ACCESS SHARE MODE');
      const reverting = withMigrator(database.url, { waitSeconds: 1, force: true }, (migrator) =>
        migrator.revert(changesTheTable),
      );
      expect(await messageOf(reverting)).toContain(
        'Another session has used a table that the migration changes',
      );
      expect(await applied()).toEqual(before);
      await reader.query('ROLLBACK');
      await migrate();
    });
  });

  it('does not run while a process of another version is connected, unless it is forced', async () => {
    await undoMigrationsAfter(database.url, FIRST);
    await connectAs(applicationName());
    await connectAs('psql');
    const older = await connectAs('terra-connect');
    const message = await messageOf(migrate());
    expect(message).toContain(`connected to the database: pid ${older.pid} ("terra-connect" from `);
    expect(message).not.toMatch(/psql|schema \d/);
    expect(await applied()).toEqual([FIRST]);
    expect(await migrate({ force: true })).toEqual(NAMES.slice(1));
    // Without a pending migration, it disturbs no process.
    expect(await migrate()).toEqual([]);
  });

  describe('is reverted', () => {
    const revert = (force: boolean): Promise<unknown> =>
      withMigrator(database.url, { waitSeconds: 1, force }, (migrator) => migrator.revert(NEWEST));

    it('only after a preview that names what is lost, and that changes nothing', async () => {
      await undoMigrationsAfter(database.url, 'AddErasures1795500300000');
      const before = await applied();
      const preview = await withMigrator(database.url, { waitSeconds: 1, force: false }, (migrator) =>
        migrator.previewRevert(),
      );
      expect(preview).toEqual({ name: 'AddErasures1795500300000', removed: expect.any(Array) as string[] });
      expect(preview?.removed).toContain('table terra_connect.erasures');
      expect(await applied()).toEqual(before);
    });

    it('not while a process that needs it is connected', async () => {
      const running = await connectAs(applicationName());
      expect(await messageOf(revert(false))).toContain(`pid ${running.pid}`);
      expect(await applied()).toEqual(NAMES);
      await revert(true);
      expect(await applied()).toEqual(NAMES.slice(0, -1));
    });

    it('not when another migration has become the newest in the meantime', async () => {
      await revert(false);
      expect(await messageOf(revert(false))).toContain(`${NEWEST} is no longer the newest migration`);
      expect(await applied()).toEqual(NAMES.slice(0, -1));
    });
  });

  describe('that does not fit this version is recognised before any other statement', () => {
    const start = async (url = database.url): Promise<string> =>
      messageOf(startTestApp({ DATABASE_URL: url }).then((service) => service.close()));

    it('when it is newer', async () => {
      const service = await startTestApp({ DATABASE_URL: database.url });
      await database.query(`INSERT INTO ${LIST} ("timestamp", name) VALUES (1, 'AddMoon1999999999999')`);
      const problem = /migrations of a newer version \(AddMoon1999999999999\)/;
      expect(await messageOf(migrate())).toMatch(problem);
      const ready = await service.api('GET', '/health/ready');
      expect(ready).toMatchObject({ status: 503, body: { checks: { migrations: { unknown: 1 } } } });
      await service.close();
      expect(await start()).toMatch(problem);
    });

    it('when migrations are missing', async () => {
      const service = await startTestApp({ DATABASE_URL: database.url });
      await undoMigrationsAfter(database.url, NAMES.at(-3)!);
      const ready = await service.api('GET', '/health/ready');
      expect(ready).toMatchObject({ status: 503, body: { checks: { migrations: { pending: 2 } } } });
      await service.close();
      expect(await start()).toContain(`lacks migrations of this version (${NAMES.slice(-2).join(', ')})`);
    });

    it('when the server is older than PostgreSQL 13', async () => {
      await empty();
      const old = await serverThatSaysItIsOld(database.url);
      proxies.push(old.server);
      const problem = 'This server is PostgreSQL 12. Terra Connect needs PostgreSQL 13 or newer';
      expect(await messageOf(migrate({}, old.url))).toContain(problem);
      expect(await start(old.url)).toContain(problem);
      expect(await database.query(`SELECT to_regnamespace('terra_connect') AS name`)).toEqual([
        { name: null },
      ]);
    });
  });

  it('is not disturbed by the service, whose sessions name the migrations that it needs', async () => {
    const service = await startTestApp({ DATABASE_URL: database.url });
    const names = await database.query<{ name: string }>(
      `SELECT DISTINCT application_name AS name FROM pg_stat_activity
       WHERE datname = current_database() AND application_name <> ''`,
    );
    expect(names).toEqual([{ name: `terra-connect schema ${NEWEST.slice(-13)}` }]);
    await service.close();
  });
});

/** A proxy in front of the real server that replaces the version number in its answers by another of the same length. */
async function serverThatSaysItIsOld(databaseUrl: string): Promise<{ url: string; server: Server }> {
  const url = new URL(databaseUrl);
  const real = { host: url.hostname, port: Number(url.port) };
  const server = createServer((client) => {
    const upstream = connect(real);
    client.pipe(upstream);
    upstream.on('data', (data: Buffer) =>
      client.write(Buffer.from(data.toString('latin1').replace(/18\d{4}/g, '120022'), 'latin1')),
    );
    for (const socket of [client, upstream]) socket.on('error', () => undefined);
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url.port = String((server.address() as AddressInfo).port);
  return { url: url.href, server };
}
