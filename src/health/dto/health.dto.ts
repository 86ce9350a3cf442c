import { ApiExtraModels, ApiProperty, ApiPropertyOptional, ApiSchema, getSchemaPath } from '@nestjs/swagger';

@ApiSchema({ description: 'The process answers.' })
export class LiveDto {
  @ApiProperty({ enum: ['ok'], description: 'Nothing else is answered.', example: 'ok' })
  status: 'ok';
}

@ApiSchema({ description: 'What one check has found.' })
export class CheckDto {
  @ApiProperty({ enum: ['up', 'down'], description: '`down`: the service cannot serve.', example: 'up' })
  status: 'up' | 'down';

  @ApiPropertyOptional({
    description: 'How long it took, in milliseconds, where that is measured.',
    example: 3,
  })
  responseTime?: number;
}

const CHECKS = { additionalProperties: { $ref: getSchemaPath(CheckDto) } };
const ALL_UP = { database: { status: 'up' }, migrations: { status: 'up' } };

@ApiExtraModels(CheckDto)
@ApiSchema({ description: 'The service can serve.' })
export class ReadyDto {
  @ApiProperty({ enum: ['ok'], description: 'Anything else is answered as a problem.', example: 'ok' })
  status: 'ok';

  @ApiProperty({
    type: 'object',
    ...CHECKS,
    description: 'The checks that are up, by name.',
    example: ALL_UP,
  })
  info: Record<string, CheckDto>;

  @ApiProperty({ type: 'object', ...CHECKS, description: 'The checks that are down: none.', example: {} })
  error: Record<string, CheckDto>;

  @ApiProperty({ type: 'object', ...CHECKS, description: 'All checks, by name.', example: ALL_UP })
  details: Record<string, CheckDto>;
}
