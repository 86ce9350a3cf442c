import type { Command } from 'commander';
import { readDatabaseUrl } from '../config';
import { createDataSource } from '../database';

// Any number: it only has to be the same in every process that migrates.
const MIGRATION_LOCK = 7_283_114;

export function addMigrateCommand(program: Command): void {
  program
    .command('migrate')
    .description('bring the database up to date; safe to run from several places at once')
    .option('--revert', 'take the last migration back instead')
    .action(async ({ revert }: { revert?: boolean }) => {
      const dataSource = await createDataSource(readDatabaseUrl()).initialize();
      try {
        await dataSource.query(`SELECT pg_advisory_lock($1)`, [MIGRATION_LOCK]);
        if (revert) {
          await dataSource.undoLastMigration();
          console.log('The last migration was taken back.');
          return;
        }
        const applied = await dataSource.runMigrations();
        console.log(applied.length === 0 ? 'The database is up to date.' : names(applied));
      } finally {
        // Closes the connection that holds the lock, and thereby the lock.
        await dataSource.destroy();
      }
    });
}

function names(migrations: { name: string }[]): string {
  return migrations.map(({ name }) => `applied ${name}`).join('\n');
}
