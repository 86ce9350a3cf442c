import type { Command } from 'commander';
import { readDatabaseUrl } from '../config';
import { createDataSource, MIGRATIONS_TABLE, rejectEmbeddedDatabase } from '../database';

// An arbitrary number, equal in every process that migrates.
const MIGRATION_LOCK = 7_283_114;

export function addMigrateCommand(program: Command): void {
  program
    .command('migrate')
    .description('migrate the database; safe to run in several processes at once')
    .option('--revert', 'revert the last migration instead')
    .action(async ({ revert }: { revert?: boolean }) => {
      const dataSource = await createDataSource(readDatabaseUrl()).initialize();
      try {
        await dataSource.query(`SELECT pg_advisory_lock($1)`, [MIGRATION_LOCK]);
        await rejectEmbeddedDatabase(dataSource, [MIGRATIONS_TABLE]);
        if (revert) {
          await dataSource.undoLastMigration();
          console.log('The last migration was reverted.');
          return;
        }
        const applied = await dataSource.runMigrations();
        console.log(applied.length === 0 ? 'The database is up to date.' : names(applied));
      } finally {
        // Closing the connection releases the lock.
        await dataSource.destroy();
      }
    });
}

function names(migrations: { name: string }[]): string {
  return migrations.map(({ name }) => `applied ${name}`).join('\n');
}
