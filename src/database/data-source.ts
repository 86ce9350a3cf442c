import { DataSource, type DataSourceOptions, type EntityTarget, type ObjectLiteral } from 'typeorm';
import { MIGRATIONS } from '../../migrations';

// More connections than this do not help two cores, and fewer queue callers behind slow statements.
const POOL_SIZE = 12;

/** For messages that ask a person to migrate. */
export const MIGRATE_COMMAND = '`node dist/src/cli.js migrate`';

/** How we talk to Postgres; every wait ends. */
export function dataSourceOptions(
  databaseUrl: string,
  entities: EntityTarget<ObjectLiteral>[],
): DataSourceOptions {
  return {
    type: 'postgres',
    url: databaseUrl,
    entities: entities as DataSourceOptions['entities'],
    migrations: MIGRATIONS,
    migrationsTableName: 'terra_connect_migrations',
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

/** A data source for migrations and dumps; it knows no entity because it only runs SQL. */
export function createDataSource(databaseUrl: string): DataSource {
  const options = dataSourceOptions(databaseUrl, []);
  // A migration may rightly take longer than any statement of the service.
  return new DataSource({ ...options, extra: { statement_timeout: 0 } });
}
