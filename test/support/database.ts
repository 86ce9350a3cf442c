import { randomBytes } from 'node:crypto';
import { Client, Pool, type QueryResultRow } from 'pg';

export interface TestDatabase {
  url: string;
  query<Row extends QueryResultRow = QueryResultRow>(sql: string, params?: unknown[]): Promise<Row[]>;
  drop(): Promise<void>;
}

async function asAdmin(sql: string): Promise<void> {
  const client = new Client({ connectionString: process.env.TEST_POSTGRES_URL });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** Creates a migrated database. Drop it in `afterAll`, after the app that uses it is closed. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const { TEST_POSTGRES_URL: server, TEST_POSTGRES_TEMPLATE: template } = process.env;
  if (!server || !template)
    throw new Error('The global set-up has not run. Start the tests with "npm test".');

  const name = `test_${randomBytes(8).toString('hex')}`;
  await asAdmin(`CREATE DATABASE ${name} TEMPLATE ${template} STRATEGY FILE_COPY`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  const pool = new Pool({ connectionString: url.href, max: 4, allowExitOnIdle: true });
  // Tests terminate connections on purpose; the error of an idle client must not fail the run.
  pool.on('error', () => undefined);

  return {
    url: url.href,
    query: async <Row extends QueryResultRow>(sql: string, params?: unknown[]) =>
      (await pool.query<Row>(sql, params)).rows,
    drop: async () => {
      await pool.end();
      await asAdmin(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
}

/** Runs `work` while every other statement on the table waits. */
export async function whileLocked(
  databaseUrl: string,
  table: string,
  work: () => Promise<unknown>,
): Promise<void> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query(`BEGIN; LOCK TABLE terra_connect.${table} IN ACCESS EXCLUSIVE MODE`);
    await work();
  } finally {
    await client.end();
  }
}
