import { applyDecorators } from '@nestjs/common';
import { ValidateBy } from 'class-validator';

export const REFERENCE_ID_MAX_LENGTH = 255;

/**
 * Returns why a value is not a reference id, or null if it is one: 1 to 255 characters of any script, case-sensitive.
 *
 * It rejects lone surrogates: Postgres would store each of them as the same replacement character, and two end users
 * would become one. It rejects "null" and "undefined": code that converts a missing value to text produces them, and
 * the accounts of many end users would get one reference.
 */
export function describeReferenceIdProblem(value: unknown): string | null {
  if (typeof value !== 'string') return 'must be a string';
  const length = [...value].length;
  if (length < 1 || length > REFERENCE_ID_MAX_LENGTH)
    return `must have 1 to ${REFERENCE_ID_MAX_LENGTH} characters`;
  if (/\p{Cc}/u.test(value)) return 'must not contain control characters';
  if (!value.isWellFormed()) return 'must be well-formed Unicode';
  if (value === 'null' || value === 'undefined') return 'must not be the text "null" or "undefined"';
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
