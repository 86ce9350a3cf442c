import { Controller, Get, ServiceUnavailableException } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { HealthCheckService, TypeOrmHealthIndicator, type HealthCheckResult } from '@nestjs/terminus';
import { ApiProblems, Public } from '../http';
import { LiveDto, ReadyDto } from './dto/health.dto';
import { NotReadyError } from './health.errors';
import { MigrationsIndicator } from './migrations.indicator';

const PING_TIMEOUT_MS = 2_000;

@ApiTags('Operations')
@Public()
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly database: TypeOrmHealthIndicator,
    private readonly migrations: MigrationsIndicator,
  ) {}

  @Get('live')
  @ApiOperation({
    summary: 'The process answers',
    description: 'Touches nothing: restart it when this fails.',
  })
  @ApiOkResponse({ description: 'It does.', type: LiveDto })
  live(): LiveDto {
    return { status: 'ok' };
  }

  @Get('ready')
  @ApiOperation({
    summary: 'The service can serve',
    description: 'Postgres answers and is migrated. Not Terra: their outage must not restart us.',
  })
  @ApiOkResponse({ description: 'It can.', type: ReadyDto })
  @ApiProblems({
    503: {
      'health.not_ready': {
        when: 'Postgres is away, or migrations are pending; `checks` says which.',
        members: {
          checks: {
            database: { status: 'up' },
            migrations: { status: 'down', pending: 1, advice: 'run: terra-connect migrate' },
          },
        },
      },
    },
  })
  async ready(): Promise<HealthCheckResult> {
    try {
      return await this.health.check([
        () => this.database.pingCheck('database', { timeout: PING_TIMEOUT_MS }),
        () => this.migrations.check('migrations'),
      ]);
    } catch (error) {
      if (!(error instanceof ServiceUnavailableException)) throw error;
      throw new NotReadyError((error.getResponse() as HealthCheckResult).details);
    }
  }
}
