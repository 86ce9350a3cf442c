import { ValidationPipe, type ArgumentMetadata, type ValidationError } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { validate } from 'class-validator';
import { RequestInvalidError, type FieldProblem } from '../common';

const MAX_DEPTH = 32;
// No valid request has more: 8 KB of metadata have room for 4,096 values.
const MAX_VALUES = 5_000;
// T-21: more problems help no caller, and 100,000 of them are an answer of megabytes.
const MAX_PROBLEMS = 32;
// The name of an unknown field is the caller's text, which may have a megabyte.
const MAX_NAME_LENGTH = 100;

const STRICT = {
  whitelist: true,
  forbidNonWhitelisted: true,
  forbidUnknownValues: false,
  stopAtFirstError: true,
};

/** Validates our DTOs and rejects fields that they do not have. */
class RequestValidationPipe extends ValidationPipe {
  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    const { type, metatype } = metadata;
    const isCheckable = (type === 'body' || type === 'query') && isRecord(value);
    if (!isCheckable || !metatype || !this.toValidate(metadata)) return super.transform(value, metadata);
    rejectUnreadable(value);
    // Nest would search the value for what `rejectUnreadable` has excluded, at twice the cost of the validation itself.
    const dto = plainToInstance(metatype, value) as object;
    const errors = await validate(dto, STRICT);
    if (errors.length > 0) throw rejectionOf(errors);
    return dto;
  }
}

/** The validation pipe of our controllers. */
export const requestValidation = new RequestValidationPipe({
  ...STRICT,
  transform: true,
  exceptionFactory: rejectionOf,
});

function rejectionOf(errors: ValidationError[]): RequestInvalidError {
  return rejection(errors.flatMap((error) => toFieldProblems(error)));
}

function rejection(problems: FieldProblem[]): RequestInvalidError {
  return new RequestInvalidError(
    problems
      .slice(0, MAX_PROBLEMS)
      .map(({ field, detail }) => ({ field: field.slice(0, MAX_NAME_LENGTH), detail })),
  );
}

// Runs before class-transformer and class-validator, which cannot read every value. The recursion of the first overflows
// the stack on a deep value, and it silently drops members whose name is that of an Object.prototype member
// ("constructor", "toString"). The second takes seconds for 100,000 unknown members.
function rejectUnreadable(value: Record<string, unknown>): void {
  const values = { left: MAX_VALUES };
  const problems: FieldProblem[] = [];
  for (const [field, member] of Object.entries(value)) {
    const isReserved = field in Object.prototype;
    const detail = isReserved
      ? 'is not a field of this request'
      : describeUnreadable(member, MAX_DEPTH, values);
    if (detail) problems.push({ field, detail });
    if (values.left < 0 || problems.length === MAX_PROBLEMS) break;
  }
  if (problems.length > 0) throw rejection(problems);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function describeUnreadable(value: unknown, depthLeft: number, values: { left: number }): string | null {
  values.left -= 1;
  if (values.left < 0) return `is too much: a request has at most ${MAX_VALUES} values`;
  if (typeof value !== 'object' || value === null) return null;
  if (depthLeft === 0) return `is nested more than ${MAX_DEPTH} levels deep`;
  for (const [name, member] of Object.entries(value)) {
    if (name in Object.prototype) return `contains the reserved name ${name}`;
    const detail = describeUnreadable(member, depthLeft - 1, values);
    if (detail) return detail;
  }
  return null;
}

function toFieldProblems(error: ValidationError, prefix = ''): FieldProblem[] {
  const field = prefix + error.property;
  const own = Object.entries(error.constraints ?? {}).map(([constraint, detail]) => ({
    field,
    detail: constraint === 'whitelistValidation' ? 'is not a field of this request' : detail,
  }));
  return [...own, ...(error.children ?? []).flatMap((child) => toFieldProblems(child, `${field}.`))];
}
