import { DataSource, type DataSourceOptions, type EntityTarget, type ObjectLiteral } from 'typeorm';
import { MIGRATIONS } from '../../migrations';
import type { DatabaseSettings } from '../config';
import type { ServiceClientConfig } from './service-client';
import { ServicePool } from './service-pool';

/** The list of the migrations that are applied. */
export const MIGRATIONS_TABLE = 'terra_connect_migrations';

/** The migration command, for messages to an operator. */
export const MIGRATE_COMMAND = '`node dist/src/cli.js migrate`';

// Postgres ends a statement after the statement timeout and says so. A server that says nothing until then is gone.
const ANSWER_GRACE_MS = 1_000;
const KEEP_ALIVE_MS = 10_000;
const MIGRATION_DEADLINE_MS = 60 * 60_000;

/** Returns the options of the service's data source. Every wait has a deadline, also on the client's side. */
export function dataSourceOptions(
  database: DatabaseSettings,
  entities: EntityTarget<ObjectLiteral>[],
): DataSourceOptions {
  return optionsWith(database, entities, database.statementTimeoutMs + ANSWER_GRACE_MS);
}

/** Creates a data source for migrations and dumps. It has no entities, because it only runs SQL. */
export function createDataSource(url: string): DataSource {
  // A migration may take longer than any statement of the service.
  const settings = { url, poolSize: 2, connectTimeoutMs: 10_000, statementTimeoutMs: 0 };
  return new DataSource(optionsWith(settings, [], MIGRATION_DEADLINE_MS));
}

function optionsWith(
  { url, poolSize, connectTimeoutMs, statementTimeoutMs }: DatabaseSettings,
  entities: EntityTarget<ObjectLiteral>[],
  answerTimeoutMs: number,
): DataSourceOptions {
  return {
    type: 'postgres',
    url,
    entities: entities as DataSourceOptions['entities'],
    migrations: MIGRATIONS,
    migrationsTableName: MIGRATIONS_TABLE,
    migrationsTransactionMode: 'each',
    synchronize: false,
    driver: { Pool: ServicePool },
    // The limit for a new connection, and for the wait until one of the pool is free.
    connectTimeoutMS: connectTimeoutOf(url) ?? connectTimeoutMs,
    applicationName: 'terra-connect',
    poolSize,
    extra: {
      session: { statementTimeoutMs },
      query_timeout: answerTimeoutMs,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    } satisfies ServiceClientConfig,
  };
}

// The parameter of libpq, in seconds. node-postgres does not read it.
function connectTimeoutOf(url: string): number | null {
  const seconds = /[?&]connect_timeout=(\d{1,4})(?:&|$)/.exec(url)?.[1];
  return seconds === undefined || seconds === '0' ? null : Number(seconds) * 1_000;
}
