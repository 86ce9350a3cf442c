import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, statfsSync, statSync } from 'node:fs';
import { freemem, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../local/embedded-postgres';
import { hasLivingOwner } from '../../local/folder-owner';
import { PostgresFolder } from '../../local/postgres-folder';
import { migrateDatabase } from './migrations';

const PREFIX = 'terra-connect-test-';
const TEMPLATE = 'template_migrated';
const MEMORY = '/dev/shm';
// Several times the space that a run needs at any moment.
const MEMORY_NEEDED = 3 * 1024 ** 3;

export interface TestServer {
  postgres: EmbeddedPostgres;
  folder: string;
}

declare global {
  var __TEST_SERVER__: TestServer | undefined;
}

/**
 * The parent of all folders that tests make: in memory if Linux has room there, because writing the many databases to a disk
 * takes a fifth of a run. Not in memory if the developer has set TMPDIR, or for a sweep over a million users.
 */
function parentFolder(): string {
  const isChosen = process.env.TMPDIR !== undefined || process.env.SCALE_USERS !== undefined;
  return realpathSync(!isChosen && hasRoomInMemory() ? MEMORY : tmpdir());
}

function hasRoomInMemory(): boolean {
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    return bavail * bsize >= MEMORY_NEEDED && freemem() >= MEMORY_NEEDED;
  } catch {
    // Only Linux has the folder.
    return false;
  }
}

/** Removes what killed test runs left: the folder, and on systems other than Linux also the server. */
async function removeAbandoned(parent: string): Promise<void> {
  for (const name of readdirSync(parent)) {
    if (!name.startsWith(PREFIX)) continue;
    const folder = join(parent, name);
    try {
      // A folder younger than a minute may belong to a run that has not claimed it yet.
      if (Date.now() - statSync(folder).mtimeMs < 60_000 || hasLivingOwner(folder)) continue;
      await new PostgresFolder(folder).stopLeftover();
      rmSync(folder, { recursive: true, force: true });
    } catch {
      // The folder can belong to another user. This run then leaves the folder as it is.
    }
  }
}

async function makeTemplate(postgres: EmbeddedPostgres): Promise<void> {
  await postgres.ensureDatabase(TEMPLATE);
  await migrateDatabase(postgres.url(TEMPLATE));
  const client = new Client({ connectionString: postgres.url('postgres') });
  await client.connect();
  // One open connection to the template makes every copy of it fail.
  await client.query(`ALTER DATABASE ${TEMPLATE} IS_TEMPLATE true ALLOW_CONNECTIONS false`);
  await client.end();
}

export default async function globalSetup(): Promise<void> {
  const parent = parentFolder();
  await removeAbandoned(parent);
  const folder = mkdtempSync(join(parent, PREFIX));
  // Temporary files are inside the data folder, so that its removal also removes them, even after a killed run.
  process.env.TMPDIR = join(folder, 'tmp');
  mkdirSync(process.env.TMPDIR);
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
