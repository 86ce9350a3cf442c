import { MIGRATIONS } from '../../migrations';
import { withMigrator, type MigratorOptions } from '../../src/database';

/** The service of a test stays connected while the test migrates its database. */
const OPTIONS: MigratorOptions = { waitSeconds: 30, force: true };

/** Applies every pending migration. */
export function migrateDatabase(databaseUrl: string): Promise<string[]> {
  return withMigrator(databaseUrl, OPTIONS, (migrator) => migrator.apply());
}

/** Reverts every migration that is newer than `lastToKeep`, which is the class name of a migration. */
export async function undoMigrationsAfter(databaseUrl: string, lastToKeep: string): Promise<void> {
  const kept = MIGRATIONS.findIndex(({ name }) => name === lastToKeep);
  if (kept < 0) throw new Error(`There is no migration ${lastToKeep}.`);
  await withMigrator(databaseUrl, OPTIONS, async (migrator) => {
    for (const { name } of MIGRATIONS.slice(kept + 1).reverse()) await migrator.revert(name);
  });
}
