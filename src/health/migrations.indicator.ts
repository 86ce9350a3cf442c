import { Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { MIGRATE_COMMAND, readMigrationState } from '../database';

/** Checks that the database has the migrations of this version, and no others. */
@Injectable()
export class MigrationsIndicator {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly indicators: HealthIndicatorService,
  ) {}

  async check(key: string): Promise<HealthIndicatorResult> {
    const indicator = this.indicators.check(key);
    try {
      const { pending, unknown } = await readMigrationState(this.dataSource);
      if (unknown.length > 0)
        return indicator.down({
          unknown: unknown.length,
          advice: 'run the version that has migrated the database',
        });
      if (pending.length > 0)
        return indicator.down({ pending: pending.length, advice: `run ${MIGRATE_COMMAND}` });
      return indicator.up();
    } catch {
      return indicator.down({ advice: 'Postgres does not answer, or the role may not read terra_connect' });
    }
  }
}
