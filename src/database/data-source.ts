import type { DataSourceOptions, EntityTarget, ObjectLiteral } from 'typeorm';
import { applicationName } from './migration/sessions';

// More connections do not make two cores faster. With fewer, requests wait for slow statements.
const POOL_SIZE = 12;

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
    synchronize: false,
    connectTimeoutMS: 2_000,
    applicationName: applicationName(),
    poolSize: POOL_SIZE,
    extra: {
      statement_timeout: 10_000,
      idle_in_transaction_session_timeout: 30_000,
      keepAlive: true,
    },
  };
}
