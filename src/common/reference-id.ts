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

/**
 * Returns why a value cannot be the reference id of a new link, or null. Older rows may have such an id, so reads and
 * erasures accept it (`describeReferenceIdProblem`).
 *
 * Proxies and clients change these ids in a path: they remove `.` and `..`, join `//`, decode `%2F` and cut blanks. The
 * request would then reach no end user, or another one: `/v1/end-users/a%2F` becomes `/v1/end-users/a/`. U+FFFD is what
 * a wrong decoding leaves of any character, so two end users could have the same id.
 */
export function describeNewReferenceIdProblem(value: unknown): string | null {
  const problem = describeReferenceIdProblem(value);
  if (problem !== null || typeof value !== 'string') return problem;
  if (value !== value.trim()) return 'must not start or end with white space';
  if (/(^|[/\\])\.\.?($|[/\\])/.test(value)) return 'must not have "." or ".." between slashes or alone';
  if (/^\/|\/\/|\/$/.test(value)) return 'must not start or end with a slash or contain "//"';
  if (value.includes('\uFFFD'))
    return 'must not contain U+FFFD, which stands for a wrongly decoded character';
  return null;
}

const isReferenceIdBy = (name: string, describe: (value: unknown) => string | null): PropertyDecorator =>
  applyDecorators(
    ValidateBy({
      name,
      validator: {
        validate: (value) => describe(value) === null,
        defaultMessage: (args) => describe(args?.value) ?? '',
      },
    }),
  );

/** Validates a field of a DTO as a reference id. */
export const IsReferenceId = (): PropertyDecorator =>
  isReferenceIdBy('isReferenceId', describeReferenceIdProblem);

/** Validates a field of a DTO as the reference id of a new link. */
export const IsNewReferenceId = (): PropertyDecorator =>
  isReferenceIdBy('isNewReferenceId', describeNewReferenceIdProblem);
