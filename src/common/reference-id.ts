import { applyDecorators } from '@nestjs/common';
import { ValidateBy } from 'class-validator';

export const REFERENCE_ID_MAX_LENGTH = 255;

/**
 * Why a text cannot be a reference id, or null when it can: 1 to 255 characters of any script, case-sensitive.
 *
 * Lone surrogates are refused because all of them are stored as the same replacement character: two end users would
 * become one. "null" and "undefined" are what a missing value looks like after careless string conversion, and would
 * collect the devices of many people under one reference.
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

/** Validates a DTO's field as a reference id. */
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
