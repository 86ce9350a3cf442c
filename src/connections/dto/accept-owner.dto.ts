import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { IsOptional, ValidateBy } from 'class-validator';
import { IsNewReferenceId, REFERENCE_ID_MAX_LENGTH } from '../../common';

const MAX_REASON_LENGTH = 500;

/** Returns why a value cannot be the reason of an operator, or null. */
export function describeReasonProblem(value: unknown): string | null {
  if (typeof value !== 'string' || value.trim() === '') return 'must be text that says why';
  if ([...value].length > MAX_REASON_LENGTH) return `must have at most ${MAX_REASON_LENGTH} characters`;
  return /\p{Cc}/u.test(value) || !value.isWellFormed() ? 'must not contain control characters' : null;
}

@ApiSchema({ description: 'Why the owner of an account changes.' })
export class AcceptOwnerDto {
  @ApiProperty({
    description:
      'Why you accept the end user that Terra names. It stays in the history of the connection; do not name end users in it.',
    example: 'The reference id was wrong in an import and is corrected at Terra.',
    minLength: 1,
    maxLength: MAX_REASON_LENGTH,
  })
  @ValidateBy({
    name: 'isReason',
    validator: {
      validate: (value) => describeReasonProblem(value) === null,
      defaultMessage: (args) => describeReasonProblem(args?.value) ?? '',
    },
  })
  reason: string;

  @ApiPropertyOptional({
    description:
      'Your id of the end user that you expect Terra to name. If Terra names another one, nothing changes.',
    example: 'user-4711',
    minLength: 1,
    maxLength: REFERENCE_ID_MAX_LENGTH,
  })
  @IsOptional()
  @IsNewReferenceId()
  referenceId?: string;
}
