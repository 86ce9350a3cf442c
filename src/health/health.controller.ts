import { Controller, Get, ServiceUnavailableException } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { HealthCheckService, TypeOrmHealthIndicator, type HealthCheckResult } from '@nestjs/terminus';
import { Public } from '../http';
import { Drain } from './drain';
import { LiveDto } from './dto/health.dto';
import { NotReadyError } from './health.errors';
import { ApiCheckLiveness, ApiCheckReadiness } from './health.openapi';
import { MigrationsIndicator } from './migrations.indicator';

const PING_TIMEOUT_MS = 2_000;

@ApiTags('Operations')
@Public()
@Controller('health')
export class HealthController {
  constructor(
    private readonly drain: Drain,
    private readonly health: HealthCheckService,
    private readonly database: TypeOrmHealthIndicator,
    private readonly migrations: MigrationsIndicator,
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
        () => this.database.pingCheck('database', { timeout: PING_TIMEOUT_MS }),
        () => this.migrations.check('migrations'),
      ])
      .catch(throwNotReady);
  }
}

function throwNotReady(error: unknown): never {
  if (!(error instanceof ServiceUnavailableException)) throw error;
  throw new NotReadyError((error.getResponse() as HealthCheckResult).details);
}
