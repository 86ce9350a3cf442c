import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../local/embedded-postgres';
import { withMigrator } from '../src/database';

/** Calls `work` with the URL of a new, migrated database on its own Postgres, and removes both afterwards. */
export async function withMigratedDatabase<T>(work: (url: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'terra-connect-schema-'));
  try {
    const postgres = await startEmbeddedPostgres({ dataDir: folder, durable: false });
    try {
      await postgres.ensureDatabase('schema');
      const url = postgres.url('schema');
      await withMigrator(url, { waitSeconds: 30, force: false }, (migrator) => migrator.apply());
      return await work(url);
    } finally {
      await postgres.stop();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
