import type { DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { EntityTarget, ObjectLiteral } from 'typeorm';
import { dataSourceOptions, openMigratedDatabase } from '../database';

/** The migrated database of a command. A command does not wait for a database: it reports the error. */
export function databaseModule(url: string, entities: EntityTarget<ObjectLiteral>[]): DynamicModule {
  return TypeOrmModule.forRootAsync({
    useFactory: () => ({ ...dataSourceOptions(url, entities), retryAttempts: 0 }),
    dataSourceFactory: openMigratedDatabase,
  });
}
