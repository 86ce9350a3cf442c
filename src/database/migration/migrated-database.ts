import { DataSource, type DataSourceOptions } from 'typeorm';
import { hasSqlState, UNDEFINED_TABLE } from '../../common';
import { runSql } from '../sql';
import { newerDatabase, notMigrated, partlyMigrated } from './migration.errors';
import { compareWithVersion, LIST, type MigrationState } from './migration-list';
import { assertSupportedServer } from './server-version';

const TIMEOUT_MS = 2_000;

/** Reads which migrations the database has. A database without a list has none. */
export async function readMigrationState(dataSource: DataSource): Promise<MigrationState> {
  try {
    const { rows } = await runSql<{ name: string }>(dataSource, `SELECT name FROM ${LIST} ORDER BY id`, [], {
      timeoutMs: TIMEOUT_MS,
    });
    return compareWithVersion(rows.map(({ name }) => name));
  } catch (error) {
    if (!hasSqlState(error, UNDEFINED_TABLE)) throw error;
    return compareWithVersion([]);
  }
}

/**
 * Connects the service to its database, for the `dataSourceFactory` of TypeOrmModule.
 *
 * @throws DatabaseMismatchError when the server is too old, or the migrations are not exactly those of this version.
 * No other statement has run then.
 */
export async function openMigratedDatabase(options?: DataSourceOptions): Promise<DataSource> {
  const dataSource = await new DataSource(options!).initialize();
  try {
    await assertSupportedServer(dataSource);
    const { applied, pending, unknown } = await readMigrationState(dataSource);
    if (unknown.length > 0) throw newerDatabase(unknown);
    if (applied.length === 0) throw notMigrated();
    if (pending.length > 0) throw partlyMigrated(pending);
    return dataSource;
  } catch (error) {
    await dataSource.destroy();
    throw error;
  }
}
