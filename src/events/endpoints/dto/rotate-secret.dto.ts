import { ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { IsInt, Max, Min } from 'class-validator';

const DEFAULT_OVERLAP_HOURS = 24;
const MAX_OVERLAP_HOURS = 168;
const MESSAGE = `must be a whole number from 0 to ${MAX_OVERLAP_HOURS}`;

@ApiSchema({ description: 'How to rotate the secret of a webhook endpoint.' })
export class RotateSecretDto {
  @ApiPropertyOptional({
    type: 'integer',
    description: 'For how many hours both secrets sign; 0: only the new one signs, from now on.',
    minimum: 0,
    maximum: MAX_OVERLAP_HOURS,
    default: DEFAULT_OVERLAP_HOURS,
    example: DEFAULT_OVERLAP_HOURS,
  })
  @IsInt({ message: MESSAGE })
  @Min(0, { message: MESSAGE })
  @Max(MAX_OVERLAP_HOURS, { message: MESSAGE })
  overlapHours: number = DEFAULT_OVERLAP_HOURS;
}
