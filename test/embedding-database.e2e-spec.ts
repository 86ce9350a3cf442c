import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Column, DataSource, Entity, PrimaryGeneratedColumn } from 'typeorm';
import { TERRA_CONNECT_ENTITIES, TERRA_CONNECT_MIGRATIONS } from '../src';
import { createTestDatabase, type TestDatabase } from './support/database';

@Entity('rooms')
class Room {
  @PrimaryGeneratedColumn()
  id: number;

  @Column('text')
  name: string;
}

describe('a database that a host migrates', () => {
  let database: TestDatabase;
  let dataSource: DataSource;

  beforeAll(async () => {
    database = await createTestDatabase();
    // The tables then are made by the host's own migration run.
    await database.query('DROP SCHEMA terra_connect CASCADE');
    await database.query('DROP TABLE IF EXISTS terra_connect_migrations');
    dataSource = await new DataSource({
      type: 'postgres',
      url: database.url,
      entities: [Room, ...TERRA_CONNECT_ENTITIES],
      migrations: TERRA_CONNECT_MIGRATIONS,
      migrationsRun: true,
    }).initialize();
    await database.query(
      `INSERT INTO terra_connect.api_keys (id, name, key_hash, hint, scopes)
       VALUES (gen_random_uuid(), 'billing', 'x', 'x', '{}')`,
    );
  });

  afterAll(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  /** Everything of our schema that a synchronization could change. */
  async function readSchema(): Promise<unknown> {
    const queries = [
      `SELECT indexdef FROM pg_indexes WHERE schemaname = 'terra_connect' ORDER BY 1`,
      `SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
       WHERE connamespace = 'terra_connect'::regnamespace ORDER BY 1, 2`,
      `SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns
       WHERE table_schema = 'terra_connect' ORDER BY 1, 2`,
      `SELECT * FROM terra_connect.api_keys`,
      `SELECT name FROM migrations ORDER BY 1`,
    ];
    return Promise.all(queries.map((query) => database.query(query)));
  }

  it('gives migration:generate no statement for us', async () => {
    const { upQueries, downQueries } = await dataSource.driver.createSchemaBuilder().log();
    expect(upQueries).toHaveLength(1);
    expect(upQueries[0]?.query).toContain('CREATE TABLE "rooms"');
    expect(downQueries).toHaveLength(1);
  });

  it('is not changed for us by synchronize: true', async () => {
    const before = await readSchema();
    await dataSource.synchronize();
    expect(await database.query(`SELECT to_regclass('rooms') IS NOT NULL AS made`)).toEqual([{ made: true }]);
    expect(await readSchema()).toEqual(before);
  });

  it.each([
    ['without a list of ours', 'DROP TABLE IF EXISTS terra_connect_migrations'],
    [
      'with the empty list that a failed attempt of an earlier version has left',
      'CREATE TABLE terra_connect_migrations (id serial PRIMARY KEY, timestamp bigint, name varchar)',
    ],
  ])('is rejected by terra-connect migrate, which changes nothing, %s', async (_, prepare) => {
    await database.query(prepare);
    const before = await readSchema();
    const cli = join(__dirname, '..', 'dist/src/cli.js');
    const env = { PATH: process.env.PATH, DATABASE_URL: database.url };
    for (const args of [['migrate'], ['migrate', '--revert']]) {
      await expect(promisify(execFile)(process.execPath, [cli, ...args], { env })).rejects.toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/^terra-connect: .*embeds Terra Connect/) as unknown,
      });
    }
    expect(await readSchema()).toEqual(before);
  });
});
