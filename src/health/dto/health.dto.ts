import { ApiExtraModels, ApiProperty, ApiSchema, getSchemaPath } from '@nestjs/swagger';
import { CheckDto } from '../../http';

@ApiSchema({ description: 'The process is alive.' })
export class LiveDto {
  @ApiProperty({ enum: ['ok'], description: 'Always `ok`.', example: 'ok' })
  status: 'ok';
}

const CHECKS = { additionalProperties: { $ref: getSchemaPath(CheckDto) } };
const ALL_UP = { database: { status: 'up' }, migrations: { status: 'up' }, workers: { status: 'up' } };

@ApiExtraModels(CheckDto)
@ApiSchema({ description: 'The service can serve requests.' })
export class ReadyDto {
  @ApiProperty({
    enum: ['ok'],
    description: 'Always `ok`. A service that is not ready answers with a problem.',
    example: 'ok',
  })
  status: 'ok';

  @ApiProperty({
    type: 'object',
    ...CHECKS,
    description: 'The checks that are up, by name.',
    example: ALL_UP,
  })
  info: Record<string, CheckDto>;

  @ApiProperty({
    type: 'object',
    ...CHECKS,
    description: 'The checks that are down, by name. Always empty here.',
    example: {},
  })
  error: Record<string, CheckDto>;

  @ApiProperty({ type: 'object', ...CHECKS, description: 'All checks, by name.', example: ALL_UP })
  details: Record<string, CheckDto>;
}
