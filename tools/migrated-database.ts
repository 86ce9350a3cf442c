import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../local/embedded-postgres';
import { createDataSource } from '../src/database';

/** Lends a fresh, migrated database on a Postgres of its own, and takes all of it away afterwards. */
export async function withMigratedDatabase<T>(work: (url: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'terra-connect-schema-'));
  try {
    const postgres = await startEmbeddedPostgres({ dataDir: folder, durable: false });
    try {
      await postgres.ensureDatabase('schema');
      const url = postgres.url('schema');
      const dataSource = await createDataSource(url).initialize();
      try {
        await dataSource.runMigrations();
      } finally {
        await dataSource.destroy();
      }
      return await work(url);
    } finally {
      await postgres.stop();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
