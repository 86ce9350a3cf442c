import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { dumpSchema } from '../tools/schema-dump';
import { createTestDatabase, type TestDatabase } from './support/database';

describe('schema.sql', () => {
  const committed = readFileSync(join(__dirname, '..', 'schema.sql'), 'utf8');
  let database: TestDatabase;
  let client: Client;

  beforeEach(async () => {
    database = await createTestDatabase();
    client = new Client({ connectionString: database.url });
    await client.connect();
  });

  afterEach(async () => {
    await client.end();
    await database.drop();
  });

  const empty = (): Promise<unknown> =>
    client.query('DROP SCHEMA terra_connect, public CASCADE; CREATE SCHEMA public');

  it('equals a dump of the migrated database (otherwise run npm run db:dump)', async () => {
    expect(await dumpSchema(client)).toBe(committed);
  });

  it('is complete: a database built from it has the same dump', async () => {
    await empty();
    await client.query(committed);
    expect(await dumpSchema(client)).toBe(committed);
  });

  it('contains types, functions, views, triggers and generated columns, too', async () => {
    await empty();
    await client.query(`
      CREATE TYPE mood AS ENUM ('well', 'it''s complicated');
      CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
      CREATE TABLE people (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        number bigserial,
        feels mood DEFAULT 'well' NOT NULL,
        first text, last text, name text GENERATED ALWAYS AS (first || ' ' || last) STORED
      );
      CREATE VIEW names AS SELECT name FROM people;
      CREATE TRIGGER people_stamp BEFORE INSERT ON people FOR EACH ROW EXECUTE FUNCTION stamp();`);
    const dumped = await dumpSchema(client);
    for (const kind of ['TYPE', 'FUNCTION', 'TABLE', 'VIEW', 'TRIGGER']) expect(dumped).toContain(`${kind} `);
    await client.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
    await client.query(dumped);
    expect(await dumpSchema(client)).toBe(dumped);
  });

  it('is not written when the database has an object that the dump cannot show', async () => {
    await client.query('CREATE MATERIALIZED VIEW terra_connect.frozen AS SELECT 1 AS one');
    await expect(dumpSchema(client)).rejects.toThrow('terra_connect.frozen');
  });
});
