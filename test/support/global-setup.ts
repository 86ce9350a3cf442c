import { mkdtempSync, readdirSync, realpathSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../local/embedded-postgres';
import { hasLivingOwner } from '../../local/folder-owner';
import { PostgresFolder } from '../../local/postgres-folder';
import { createDataSource } from '../../src/database';

const PREFIX = 'terra-connect-test-';
const TEMPLATE = 'template_migrated';

export interface TestServer {
  postgres: EmbeddedPostgres;
  folder: string;
}

declare global {
  var __TEST_SERVER__: TestServer | undefined;
}

/** Removes what killed test runs leave: their folder, and outside Linux their server, too. */
async function removeAbandoned(): Promise<void> {
  for (const name of readdirSync(tmpdir())) {
    if (!name.startsWith(PREFIX)) continue;
    const folder = join(tmpdir(), name);
    try {
      // A folder younger than a minute may belong to a run that has not claimed it yet.
      if (Date.now() - statSync(folder).mtimeMs < 60_000 || hasLivingOwner(folder)) continue;
      await new PostgresFolder(folder).stopLeftover();
      rmSync(folder, { recursive: true, force: true });
    } catch {
      // The folder may belong to another user; this run then leaves it alone.
    }
  }
}

async function makeTemplate(postgres: EmbeddedPostgres): Promise<void> {
  await postgres.ensureDatabase(TEMPLATE);
  const dataSource = createDataSource(postgres.url(TEMPLATE));
  await dataSource.initialize();
  try {
    await dataSource.runMigrations();
  } finally {
    await dataSource.destroy();
  }
  const client = new Client({ connectionString: postgres.url('postgres') });
  await client.connect();
  // One open connection to the template makes every copy of it fail.
  await client.query(`ALTER DATABASE ${TEMPLATE} IS_TEMPLATE true ALLOW_CONNECTIONS false`);
  await client.end();
}

export default async function globalSetup(): Promise<void> {
  await removeAbandoned();
  const folder = mkdtempSync(join(realpathSync(tmpdir()), PREFIX));
  const postgres = await startEmbeddedPostgres({ dataDir: folder, durable: false });
  try {
    await makeTemplate(postgres);
  } catch (error) {
    // Jest runs no teardown after a failed setup.
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  globalThis.__TEST_SERVER__ = { postgres, folder };
  process.env.TEST_POSTGRES_URL = postgres.url('postgres');
  process.env.TEST_POSTGRES_TEMPLATE = TEMPLATE;
}
