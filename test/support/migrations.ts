import type { DataSource } from 'typeorm';
import { MIGRATIONS } from '../../migrations';

/** Reverts every migration that is newer than `lastToKeep`, which is the class name of a migration. */
export async function undoMigrationsAfter(dataSource: DataSource, lastToKeep: string): Promise<void> {
  const kept = MIGRATIONS.findIndex(({ name }) => name === lastToKeep);
  if (kept < 0) throw new Error(`There is no migration ${lastToKeep}.`);
  for (let count = kept + 1; count < MIGRATIONS.length; count += 1) await dataSource.undoLastMigration();
}
