import type { DataSource } from 'typeorm';
import { runSql } from './sql';

/**
 * Rejects a database that an embedding application migrates with `TERRA_CONNECT_MIGRATIONS`. Its own list names our
 * migrations, so ours is absent or empty, and the first migration would fail with "relation already exists".
 *
 * @param lists the tables that may hold our list of migrations
 * @throws Error that says what to do
 */
export async function rejectEmbeddedDatabase(
  dataSource: DataSource,
  lists: readonly string[],
): Promise<void> {
  if (!(await hasTable(dataSource, 'terra_connect.connect_sessions'))) return;
  for (const list of lists) {
    if (!(await hasTable(dataSource, list))) continue;
    if ((await runSql(dataSource, `SELECT FROM ${list} LIMIT 1`)).count > 0) return;
  }
  throw new Error(
    'An application that embeds Terra Connect has created the tables in this database with its own migrations. ' +
      'Run the migrations of that application instead of this command.',
  );
}

async function hasTable(dataSource: DataSource, name: string): Promise<boolean> {
  const { rows } = await runSql<{ exists: boolean }>(
    dataSource,
    `SELECT to_regclass($1) IS NOT NULL AS exists`,
    [name],
  );
  return rows[0]?.exists === true;
}
