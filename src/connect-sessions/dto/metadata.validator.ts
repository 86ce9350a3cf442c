import {
  ValidatorConstraint,
  type ValidationArguments,
  type ValidatorConstraintInterface,
} from 'class-validator';

const MAX_BYTES = 8_192;
// Postgres' jsonb stores neither NUL nor half of a surrogate pair. JSON.stringify escapes both as \uXXXX.
const NOT_STORABLE = /(^|[^\\])(\\\\)*\\u(0000|d[89a-f][0-9a-f]{2})/i;

/** Why a value cannot be stored as metadata; null when it can. */
export function describeMetadataProblem(value: unknown): string | null {
  const problem = `must be an object of at most ${MAX_BYTES} bytes as JSON, and its text must be well-formed Unicode without NUL`;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return problem;
  const json = JSON.stringify(value);
  return Buffer.byteLength(json) <= MAX_BYTES && !NOT_STORABLE.test(json) ? null : problem;
}

@ValidatorConstraint({ name: 'isMetadata' })
export class IsMetadata implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    return describeMetadataProblem(value) === null;
  }
  defaultMessage(args: ValidationArguments): string {
    return describeMetadataProblem(args.value) ?? '';
  }
}
