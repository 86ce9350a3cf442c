import {
  Global,
  Injectable,
  Logger,
  Module,
  type BeforeApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { Clock } from '../common';
import { runSql } from './sql';

// A step of the machine's clock is corrected after this time at the latest.
const INTERVAL_MS = 30_000;
const TIMEOUT_MS = 2_000;
const LOGGED_FROM_MS = 1_000;

/**
 * Keeps the clock of this process at the time of Postgres: before the application starts, and then every 30 seconds.
 * While Postgres does not answer, the clock keeps its last correction.
 */
@Injectable()
class ClockSynchronizer implements OnModuleInit, BeforeApplicationShutdown {
  private readonly logger = new Logger(ClockSynchronizer.name);
  private timer?: NodeJS.Timeout;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly clock: Clock,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.synchronize().catch(this.report);
    this.timer = setInterval(() => {
      this.synchronize().catch(this.report);
    }, INTERVAL_MS).unref();
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  private async synchronize(): Promise<void> {
    const askedAt = Date.now();
    // A number does not depend on the time zone and the date style of the session.
    const { rows } = await runSql<{ ms: number }>(
      this.dataSource,
      `SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS ms`,
      [],
      { timeoutMs: TIMEOUT_MS },
    );
    const correctedMs = this.clock.follow(rows[0]!.ms, askedAt, Date.now());
    if (Math.abs(correctedMs) >= LOGGED_FROM_MS)
      this.logger.warn({ event: 'clock.corrected', seconds: Math.round(correctedMs) / 1_000 });
  }

  private readonly report = (error: unknown): void =>
    this.logger.warn({ event: 'clock.not_synchronized', err: error });
}

/** Makes the clock injectable everywhere. */
@Global()
@Module({ providers: [Clock, ClockSynchronizer], exports: [Clock] })
export class ClockModule {}
