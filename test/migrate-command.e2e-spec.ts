import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MIGRATIONS } from '../migrations';
import { cli } from './support/command-line';
import { createTestDatabase, type TestDatabase } from './support/database';
import { undoMigrationsAfter } from './support/migrations';

// Each step starts a process, which is slow on a machine that runs other tests as well.
jest.setTimeout(90_000);

describe('terra-connect migrate', () => {
  const folder = mkdtempSync(join(tmpdir(), 'terra-connect-migrate-'));
  let database: TestDatabase;
  beforeAll(async () => (database = await createTestDatabase()));
  afterAll(async () => {
    await database.drop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('reverts all migrations, and applies each one once even when two processes run it', async () => {
    const env = { DATABASE_URL: database.url };
    await undoMigrationsAfter(database.url, MIGRATIONS[1]!.name);
    for (let left = 2; left > 0; left -= 1)
      expect(await cli(['migrate', '--revert', '--yes'], env)).toMatchObject({ code: 0, stderr: '' });
    expect((await cli(['migrate', '--revert', '--yes'], env)).stdout).toBe(
      'There is no migration to revert.\n',
    );
    const tables = `SELECT 1 FROM information_schema.tables
      WHERE table_schema = 'terra_connect' AND table_name <> 'terra_connect_migrations'`;
    expect(await database.query(tables)).toEqual([]);
    const both = await Promise.all([cli(['migrate'], env), cli(['migrate'], env)]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(both.filter(({ stdout }) => stdout.includes('applied CreateConnectTables'))).toHaveLength(1);
    expect((await cli(['migrate'], env)).stdout).toBe('The database is up to date.\n');
    expect((await database.query(tables)).length).toBeGreaterThan(5);
  });

  it('reverts nothing without a confirmation: in a script, --yes', async () => {
    const file = join(folder, 'url');
    writeFileSync(file, `${database.url}\n`);
    // The pooler of DATABASE_URL does not exist: `migrate` connects directly.
    const env = { DATABASE_URL: 'postgres://127.0.0.1:9/pooler', DATABASE_MIGRATION_URL_FILE: file };
    await undoMigrationsAfter(database.url, 'AddErasures1795500300000');
    const { code, stderr, stdout } = await cli(['migrate', '--revert'], env);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(
      /reverts the migration AddErasures1795500300000\. It removes, with everything that they contain:\n.* table terra_connect\.erasures/,
    );
    expect(stderr).toContain('There is no terminal to ask for a confirmation: add --yes to go on.');
    expect((await cli(['migrate', '--revert', '--yes'], env)).stdout).toMatch(
      /^reverted AddErasures1795500300000\nremoved table terra_connect\.erasures\n/,
    );
    expect((await cli(['migrate', '--wait', '0'], env)).stderr).toContain('seconds from 1 to 86400');
    expect((await cli(['migrate'], env)).stdout).toContain('applied AddErasures1795500300000');
  });
});
