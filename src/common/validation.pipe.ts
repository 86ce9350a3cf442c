import { ValidationPipe, type ValidationError } from '@nestjs/common';
import { RequestInvalidError, type FieldProblem } from './domain.error';

/** Validates our DTOs and refuses fields that they do not have; the pipe of every controller of ours. */
export const requestValidation = new ValidationPipe({
  whitelist: true,
  forbidNonWhitelisted: true,
  transform: true,
  stopAtFirstError: true,
  exceptionFactory: (errors) => new RequestInvalidError(errors.flatMap((error) => toFieldProblems(error))),
});

function toFieldProblems(error: ValidationError, prefix = ''): FieldProblem[] {
  const field = prefix + error.property;
  const own = Object.entries(error.constraints ?? {}).map(([constraint, detail]) => ({
    field,
    detail: constraint === 'whitelistValidation' ? 'is not a field of this request' : detail,
  }));
  return [...own, ...(error.children ?? []).flatMap((child) => toFieldProblems(child, `${field}.`))];
}
