import {
  ValidatorConstraint,
  type ValidationArguments,
  type ValidatorConstraintInterface,
} from 'class-validator';
import { isDeeperThan } from '../../common';

const MAX_BYTES = 8_192;
const MAX_LEVELS = 32;

/** Why a value cannot be stored as metadata; null when it can. */
export function describeMetadataProblem(value: unknown): string | null {
  const problem = `must be an object of at most ${MAX_BYTES} bytes as JSON, and its text must be well-formed Unicode without NUL`;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return problem;
  if (isDeeperThan(value, MAX_LEVELS)) return `must not be nested more than ${MAX_LEVELS} levels deep`;
  const json = JSON.stringify(value);
  return Buffer.byteLength(json) <= MAX_BYTES && isStorableJson(json) ? null : problem;
}

// Postgres' jsonb stores neither NUL nor half of a surrogate pair. JSON.stringify writes both as an escape sequence. The
// pattern matches every escape sequence, because a `u` after an escaped backslash begins none.
function isStorableJson(json: string): boolean {
  const escapes = json.match(/\\(?:u[0-9a-f]{4}|.)/g) ?? [];
  return !escapes.some((escape) => /^\\u(?:0000|d[89a-f])/.test(escape));
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
