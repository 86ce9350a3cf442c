import { applyDecorators } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { MIGRATE_COMMAND } from '../database';
import { ApiProblems } from '../http';
import { LiveDto, ReadyDto } from './dto/health.dto';

export const ApiCheckLiveness = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary: 'Check that the process is alive',
      description: 'Does not check Postgres or Terra. Restart the process if this check fails.',
    }),
    ApiOkResponse({ description: 'The process is alive.', type: LiveDto }),
  );

export const ApiCheckReadiness = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary: 'Check that the service is ready',
      description:
        'Checks that Postgres answers and can write, that it has exactly the migrations of this version, that no worker hangs, and that the process is not shutting down. Answers within 3 seconds. It does not check Terra: an outage of Terra must not restart the service.',
    }),
    ApiOkResponse({ description: 'The service is ready.', type: ReadyDto }),
    ApiProblems({
      503: {
        'health.not_ready': {
          when: 'Postgres is unreachable or read-only, its migrations are not those of this version, a worker hangs, or the process is shutting down. `checks` names the failed check.',
          members: {
            checks: {
              database: { status: 'up' },
              migrations: { status: 'down', pending: 1, advice: `run ${MIGRATE_COMMAND}` },
              workers: { status: 'up' },
            },
          },
        },
      },
    }),
  );
