import { Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { isReadOnly, recentRefusal } from '../database';

/** Checks that Postgres answers and can write. */
@Injectable()
export class DatabaseIndicator {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly indicators: HealthIndicatorService,
  ) {}

  async check(key: string): Promise<HealthIndicatorResult> {
    const indicator = this.indicators.check(key);
    const sqlState = recentRefusal(this.dataSource);
    if (sqlState !== null)
      return indicator.down({
        advice: `Postgres rejected a statement with SQLSTATE ${sqlState}: check the server`,
      });
    try {
      return (await isReadOnly(this.dataSource))
        ? indicator.down({ advice: 'Postgres is read-only: wait for the fail-over, or check DATABASE_URL' })
        : indicator.up();
    } catch {
      return indicator.down({ advice: 'Postgres does not answer: check the server and DATABASE_URL' });
    }
  }
}
