import { ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { IsBoolean, IsOptional } from 'class-validator';

@ApiSchema({ description: 'Options of a sweep.' })
export class StartSweepDto {
  @ApiPropertyOptional({
    description: 'true: the sweep only reports the differences.',
    default: false,
    example: true,
  })
  @IsOptional()
  @IsBoolean({ message: 'must be true or false' })
  dryRun?: boolean;

  @ApiPropertyOptional({
    description:
      'true: approves the sweep that awaits approval. If no sweep awaits approval, starts a sweep that ignores the safety threshold.',
    default: false,
    example: false,
  })
  @IsOptional()
  @IsBoolean({ message: 'must be true or false' })
  force?: boolean;
}
