import { MIGRATIONS } from '../../migrations';
import { withMigrator } from '../../src/database';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { startPgBouncer, type PgBouncer } from './support/pgbouncer';

describe('The migration through PgBouncer in transaction mode', () => {
  let database: TestDatabase;
  let pooler: PgBouncer;
  beforeAll(async () => {
    database = await createTestDatabase();
    await database.query('DROP SCHEMA terra_connect CASCADE');
    pooler = await startPgBouncer({ databaseUrl: database.url });
  });
  afterAll(async () => {
    await pooler.stop();
    await database.drop();
  });

  const migrate = (): Promise<string[]> =>
    withMigrator(pooler.url, { waitSeconds: 30, force: false }, (migrator) => migrator.apply());

  it('runs once, even when two start at the same time, and leaves no lock behind', async () => {
    const both = await Promise.all([migrate(), migrate()]);
    // Each migration has its own transaction, so the two take turns.
    expect(both.flat().sort()).toEqual(MIGRATIONS.map(({ name }) => name).sort());
    const locks = `SELECT pid FROM pg_locks JOIN pg_stat_activity USING (pid)
      WHERE locktype = 'advisory' AND datname = current_database()`;
    expect(await database.query(locks)).toEqual([]);
    expect(await migrate()).toEqual([]);
  });
});
