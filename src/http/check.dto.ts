import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';

@ApiSchema({ description: 'The result of one check of the readiness.' })
export class CheckDto {
  @ApiProperty({
    enum: ['up', 'down'],
    description: '`down`: the service cannot serve requests.',
    example: 'up',
  })
  status: 'up' | 'down';

  @ApiPropertyOptional({ description: 'What an operator can do; only if the check is down.' })
  advice?: string;

  @ApiPropertyOptional({
    type: 'integer',
    description: 'Number of migrations that the database lacks.',
    example: 1,
  })
  pending?: number;

  @ApiPropertyOptional({
    type: 'integer',
    description: 'Number of migrations of the database that this version does not know.',
    example: 1,
  })
  unknown?: number;

  @ApiPropertyOptional({ description: 'Names of the workers that make no progress.', example: ['sweeps'] })
  stalled?: string[];
}
