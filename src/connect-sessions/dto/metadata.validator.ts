import { ValidatorConstraint, type ValidatorConstraintInterface } from 'class-validator';

const MAX_BYTES = 8_192;
// Postgres' jsonb cannot hold NUL, nor half of a surrogate pair; JSON.stringify escapes exactly these as \uXXXX.
const NOT_STORABLE = /(^|[^\\])(\\\\)*\\u(0000|d[89a-f][0-9a-f]{2})/i;

@ValidatorConstraint({ name: 'isMetadata' })
export class IsMetadata implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
    const json = JSON.stringify(value);
    return Buffer.byteLength(json) <= MAX_BYTES && !NOT_STORABLE.test(json);
  }
  defaultMessage(): string {
    return `must be an object of at most ${MAX_BYTES} bytes as JSON, of well-formed text`;
  }
}
