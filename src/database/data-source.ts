import type { DataSourceOptions, EntityTarget, ObjectLiteral } from 'typeorm';
import type { DatabaseSettings } from '../config';
import { applicationName } from './migration/sessions';
import type { ServiceClientConfig } from './service-client';
import { ServicePool } from './service-pool';

/** The migration command, for messages to an operator. */
export const MIGRATE_COMMAND = '`node dist/src/cli.js migrate`';

// Postgres ends a statement after the statement timeout and says so. A server that says nothing until then is gone.
const ANSWER_GRACE_MS = 1_000;
/** Makes the kernel notice that the server is gone while a connection is idle, or while a long statement runs. */
export const KEEP_ALIVE = { keepAlive: true, keepAliveInitialDelayMillis: 10_000 };

/** Returns the options of the service's data source. Every wait has a deadline, also on the client's side. */
export function dataSourceOptions(
  { url, poolSize, connectTimeoutMs, statementTimeoutMs }: DatabaseSettings,
  entities: EntityTarget<ObjectLiteral>[],
): DataSourceOptions {
  return {
    type: 'postgres',
    url,
    entities: entities as DataSourceOptions['entities'],
    synchronize: false,
    driver: { Pool: ServicePool },
    // The limit for a new connection, and for the wait until one of the pool is free.
    connectTimeoutMS: connectTimeoutOf(url) ?? connectTimeoutMs,
    applicationName: applicationName(),
    poolSize,
    extra: {
      session: { statementTimeoutMs },
      query_timeout: statementTimeoutMs + ANSWER_GRACE_MS,
      ...KEEP_ALIVE,
    } satisfies ServiceClientConfig,
  };
}

// The parameter of libpq, in seconds. node-postgres does not read it.
function connectTimeoutOf(url: string): number | null {
  const seconds = /[?&]connect_timeout=(\d{1,4})(?:&|$)/.exec(url)?.[1];
  return seconds === undefined || seconds === '0' ? null : Number(seconds) * 1_000;
}
