import { Controller, Get, ServiceUnavailableException } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import {
  HealthCheckService,
  HealthIndicatorService,
  type HealthCheckResult,
  type HealthIndicatorResult,
} from '@nestjs/terminus';
import { withinDeadline } from '../common';
import { Public } from '../http';
import { DatabaseIndicator } from './database.indicator';
import { Drain } from './drain';
import { LiveDto } from './dto/health.dto';
import { NotReadyError } from './health.errors';
import { ApiCheckLiveness, ApiCheckReadiness } from './health.openapi';
import { MigrationsIndicator } from './migrations.indicator';
import { WorkersIndicator } from './workers.indicator';

// Load balancers wait a few seconds for the answer.
const DEADLINE_MS = 2_000;

@ApiTags('Operations')
@Public()
@Controller('health')
export class HealthController {
  constructor(
    private readonly drain: Drain,
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly database: DatabaseIndicator,
    private readonly migrations: MigrationsIndicator,
    private readonly workers: WorkersIndicator,
  ) {}

  @Get('live')
  @ApiCheckLiveness()
  live(): LiveDto {
    return { status: 'ok' };
  }

  @Get('ready')
  @ApiCheckReadiness()
  ready(): Promise<HealthCheckResult> {
    this.drain.assertNotBegun();
    return this.health
      .check([
        () => this.inTime('database', this.database.check('database')),
        () => this.inTime('migrations', this.migrations.check('migrations')),
        () => this.workers.check('workers'),
      ])
      .catch(throwNotReady);
  }

  private inTime(key: string, check: Promise<HealthIndicatorResult>): Promise<HealthIndicatorResult> {
    const down = this.indicators
      .check(key)
      .down({ advice: 'Postgres does not answer in time: check the server' });
    return withinDeadline<HealthIndicatorResult>(check, DEADLINE_MS, down);
  }
}

function throwNotReady(error: unknown): never {
  if (!(error instanceof ServiceUnavailableException)) throw error;
  throw new NotReadyError((error.getResponse() as HealthCheckResult).details);
}
