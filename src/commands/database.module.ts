import type { DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { EntityTarget, ObjectLiteral } from 'typeorm';
import type { DatabaseSettings } from '../config';
import { dataSourceOptions, openMigratedDatabase } from '../database';

/** The migrated database of a command. A command does not wait for a database: it reports the error. */
export function databaseModule(
  settings: DatabaseSettings,
  entities: EntityTarget<ObjectLiteral>[],
): DynamicModule {
  return TypeOrmModule.forRootAsync({
    useFactory: () => ({ ...dataSourceOptions(settings, entities), retryAttempts: 0 }),
    dataSourceFactory: openMigratedDatabase,
  });
}
