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

  @ApiPropertyOptional({
    description:
      'true: the sweep connects all Terra users that have a reference id and that the service does not know, however many they are. All other changes count towards the safety threshold as ever. Start a sweep with `dryRun` and `adopt` first and read its findings: the service adopts only within 24 hours of a dry run or of a sweep that awaits approval.',
    default: false,
    example: false,
  })
  @IsOptional()
  @IsBoolean({ message: 'must be true or false' })
  adopt?: boolean;
}
