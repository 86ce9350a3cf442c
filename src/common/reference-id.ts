import { applyDecorators } from '@nestjs/common';
import { ValidateBy } from 'class-validator';

export const REFERENCE_ID_MAX_LENGTH = 255;

/**
 * Why a value cannot be a reference id, or null when it can: 1 to 255 characters of any script, case-sensitive.
 *
 * Lone surrogates are refused: Postgres would store all of them as the same replacement character, and two end users
 * would become one. "null" and "undefined" are refused: careless string conversion turns a missing value into them, and
 * the devices of many end users would end up under one reference.
 */
export function describeReferenceIdProblem(value: unknown): string | null {
  if (typeof value !== 'string') return 'must be text';
  const length = [...value].length;
  if (length < 1 || length > REFERENCE_ID_MAX_LENGTH)
    return `must have 1 to ${REFERENCE_ID_MAX_LENGTH} characters`;
  if (/\p{Cc}/u.test(value)) return 'must not hold control characters';
  if (!value.isWellFormed()) return 'must be well-formed Unicode';
  if (value === 'null' || value === 'undefined') return 'is the text of a missing value, not a reference';
  return null;
}

/** Validates a field of a DTO as a reference id. */
export function IsReferenceId(): PropertyDecorator {
  return applyDecorators(
    ValidateBy({
      name: 'isReferenceId',
      validator: {
        validate: (value) => describeReferenceIdProblem(value) === null,
        defaultMessage: (args) => describeReferenceIdProblem(args?.value) ?? '',
      },
    }),
  );
}
