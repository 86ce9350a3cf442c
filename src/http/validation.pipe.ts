import { ValidationPipe, type ArgumentMetadata, type ValidationError } from '@nestjs/common';
import { RequestInvalidError, type FieldProblem } from '../common';

const MAX_DEPTH = 32;

/** Validates our DTOs and rejects fields that they do not have. */
class RequestValidationPipe extends ValidationPipe {
  override transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    if (metadata.type === 'body' || metadata.type === 'query') rejectUnreadable(value);
    return super.transform(value, metadata) as Promise<unknown>;
  }
}

/** The validation pipe of our controllers. */
export const requestValidation = new RequestValidationPipe({
  whitelist: true,
  forbidNonWhitelisted: true,
  transform: true,
  stopAtFirstError: true,
  exceptionFactory: (errors) => new RequestInvalidError(errors.flatMap((error) => toFieldProblems(error))),
});

// Runs before class-transformer, which cannot read every value: its recursion overflows the stack on a deep value, and
// it silently drops members whose name is that of an Object.prototype member ("constructor", "toString").
function rejectUnreadable(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  const problems = Object.entries(value).flatMap(([field, member]) => {
    if (field in Object.prototype) return { field, detail: 'is not a field of this request' };
    const detail = describeUnreadable(member, MAX_DEPTH);
    return detail ? { field, detail } : [];
  });
  if (problems.length > 0) throw new RequestInvalidError(problems);
}

function describeUnreadable(value: unknown, depthLeft: number): string | null {
  if (typeof value !== 'object' || value === null) return null;
  if (depthLeft === 0) return `is nested more than ${MAX_DEPTH} levels deep`;
  for (const [name, member] of Object.entries(value)) {
    if (name in Object.prototype) return `contains the reserved name ${name}`;
    const detail = describeUnreadable(member, depthLeft - 1);
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
