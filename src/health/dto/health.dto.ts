import { ApiExtraModels, ApiProperty, ApiPropertyOptional, ApiSchema, getSchemaPath } from '@nestjs/swagger';

@ApiSchema({ description: 'The process is alive.' })
export class LiveDto {
  @ApiProperty({ enum: ['ok'], description: 'Always `ok`.', example: 'ok' })
  status: 'ok';
}

@ApiSchema({ description: 'The result of one check.' })
export class CheckDto {
  @ApiProperty({
    enum: ['up', 'down'],
    description: '`down`: the service cannot serve requests.',
    example: 'up',
  })
  status: 'up' | 'down';

  @ApiPropertyOptional({ description: 'What an operator can do; only if the check is down.' })
  advice?: string;
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
