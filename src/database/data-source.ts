import { DataSource, type DataSourceOptions, type EntityTarget, type ObjectLiteral } from 'typeorm';
import { MIGRATIONS } from '../../migrations';

// More connections do not make two cores faster. With fewer, requests wait for slow statements.
const POOL_SIZE = 12;

/** The list of the migrations that are applied. */
export const MIGRATIONS_TABLE = 'terra_connect_migrations';

/** The migration command, for messages to an operator. */
export const MIGRATE_COMMAND = '`node dist/src/cli.js migrate`';

/** Returns the connection settings. Every wait has a deadline. */
export function dataSourceOptions(
  databaseUrl: string,
  entities: EntityTarget<ObjectLiteral>[],
): DataSourceOptions {
  return {
    type: 'postgres',
    url: databaseUrl,
    entities: entities as DataSourceOptions['entities'],
    migrations: MIGRATIONS,
    migrationsTableName: MIGRATIONS_TABLE,
    migrationsTransactionMode: 'each',
    synchronize: false,
    connectTimeoutMS: 2_000,
    applicationName: 'terra-connect',
    poolSize: POOL_SIZE,
    extra: {
      statement_timeout: 10_000,
      idle_in_transaction_session_timeout: 30_000,
      keepAlive: true,
    },
  };
}

/** Creates a data source for migrations and dumps. It has no entities, because it only runs SQL. */
export function createDataSource(databaseUrl: string): DataSource {
  const options = dataSourceOptions(databaseUrl, []);
  // A migration may take longer than any statement of the service.
  return new DataSource({ ...options, extra: { statement_timeout: 0 } });
}
