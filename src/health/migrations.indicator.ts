import { Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { MIGRATIONS } from '../../migrations';
import { appliedMigrations, MIGRATE_COMMAND } from '../database';

/** Checks that the database has every migration of this version. */
@Injectable()
export class MigrationsIndicator {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly indicators: HealthIndicatorService,
  ) {}

  async check(key: string): Promise<HealthIndicatorResult> {
    const indicator = this.indicators.check(key);
    try {
      const names = await appliedMigrations(this.dataSource);
      const pending = MIGRATIONS.filter(({ name }) => !names.has(name)).length;
      return pending === 0 ? indicator.up() : indicator.down({ pending, advice: `run ${MIGRATE_COMMAND}` });
    } catch {
      return indicator.down({
        advice: `Postgres does not answer, or has no tables yet: run ${MIGRATE_COMMAND}`,
      });
    }
  }
}
