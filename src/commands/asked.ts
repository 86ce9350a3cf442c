import type { Type } from '@nestjs/common';
import { RequestInvalidError } from '../common';
import { requestValidation } from '../http';
import { UsageError } from './program';

/** The options that were given. */
export function given(options: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/**
 * Validates what was asked like the API does, then does the work.
 *
 * @param options the command-line option for each field of the API
 * @throws UsageError that names the options
 */
export async function asked<Dto extends object, Answer>(
  shape: Type<Dto>,
  request: Record<string, unknown>,
  options: Record<string, string>,
  work: (dto: Dto) => Promise<Answer>,
): Promise<Answer> {
  try {
    return await work((await requestValidation.transform(request, { type: 'body', metatype: shape })) as Dto);
  } catch (error) {
    throw error instanceof RequestInvalidError ? new UsageError(describe(error, options)) : error;
  }
}

function describe({ details }: RequestInvalidError, options: Record<string, string>): string {
  const errors = details.errors as { field: string; detail: string }[];
  return errors
    .map(({ field, detail }) => `${options[field.replace('filter.', '')] ?? field} ${detail}`)
    .join('; ');
}
