import { ApiSchema } from '@nestjs/swagger';
import { WholeNumberField } from '../../../http';

const DEFAULT_OVERLAP_HOURS = 24;
const MAX_OVERLAP_HOURS = 168;

@ApiSchema({ description: 'How to rotate the secret of a webhook endpoint.' })
export class RotateSecretDto {
  @WholeNumberField('For how many hours both secrets sign; 0: only the new one signs, from now on.', {
    min: 0,
    max: MAX_OVERLAP_HOURS,
    fallback: DEFAULT_OVERLAP_HOURS,
  })
  overlapHours: number = DEFAULT_OVERLAP_HOURS;
}
