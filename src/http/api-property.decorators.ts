import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsInt, IsOptional, Matches, Max, Min } from 'class-validator';
import { IsReferenceId, REFERENCE_ID_MAX_LENGTH } from '../common';

// Example values in the API docs.
export const EXAMPLE_ID = '01980c0e-7b1a-7c3e-9d55-0f2b6f1c9a10';
const EXAMPLE_TIME = '2026-11-23T09:30:00.000Z';
export const EXAMPLE_TERRA_USER_ID = '8f1f9bb2-3c5e-4a6b-9a53-6c4e5f1d2b3a';

interface Options<Example = string> {
  nullable?: boolean;
  example?: Example | null;
}

// These decorators document the kinds of field that many DTOs have. Other fields have a doc comment, which the Swagger
// plugin reads, or their own @ApiProperty.

/** Documents an id that the service has created. */
export const ApiId = (description: string, options: Options = {}): PropertyDecorator =>
  ApiProperty({ type: String, format: 'uuid', description, example: EXAMPLE_ID, ...options });

export const ApiTime = (description: string, options: Options = {}): PropertyDecorator =>
  ApiProperty({ type: String, format: 'date-time', description, example: EXAMPLE_TIME, ...options });

export const ApiReferenceId = (
  description = 'Your id of the end user.',
  options: Options = {},
): PropertyDecorator => ApiProperty({ type: String, description, example: 'user-4711', ...options });

export const ApiTerraUserId = (
  description = "Terra's `user_id`.",
  options: Options = {},
): PropertyDecorator =>
  ApiProperty({ type: String, description, example: EXAMPLE_TERRA_USER_ID, ...options });

export const ApiProvider = (description = 'Code of the provider.'): PropertyDecorator =>
  ApiProperty({ type: String, description, example: 'GARMIN' });

export const ApiCount = (
  description: string,
  example: number,
  options: Options<number> = {},
): PropertyDecorator => ApiProperty({ type: 'integer', description, example, ...options });

export const ApiNullableText = (description: string, example: string | null = null): PropertyDecorator =>
  ApiProperty({ type: String, nullable: true, description, example });

/** Documents a field with one of the values, or null. A schema with `nullable` accepts null only if its enum has it. */
export const ApiNullableEnum = (
  values: readonly string[],
  description: string,
  example: string | null = null,
): PropertyDecorator =>
  ApiProperty({ type: String, enum: [...values, null], nullable: true, description, example });

/** Documents and validates a whole number in a body, which has a default. */
export const WholeNumberField = (
  description: string,
  { min, max, fallback }: { min: number; max: number; fallback: number },
): PropertyDecorator => {
  const problem = { message: `must be a whole number from ${min} to ${max}` };
  return applyDecorators(
    ApiPropertyOptional({
      type: 'integer',
      description,
      minimum: min,
      maximum: max,
      default: fallback,
      example: fallback,
    }),
    IsInt(problem),
    Min(min, problem),
    Max(max, problem),
  );
};

// No `\p{…}`, which clients without the flag `u` read as letters, and which Python does not know.
const WITHOUT_CONTROL_CHARACTERS = '[^\\x00-\\x1f\\x7f-\\x9f]';

/** Documents and validates a filter by a text that Terra has chosen. */
export const TextFilter = (description: string, maxLength: number): PropertyDecorator =>
  applyDecorators(
    ApiPropertyOptional({
      description,
      pattern: `^${WITHOUT_CONTROL_CHARACTERS}+$`,
      minLength: 1,
      maxLength,
    }),
    IsOptional(),
    Matches(new RegExp(`^${WITHOUT_CONTROL_CHARACTERS}{1,${maxLength}}$`, 'u'), {
      message: `must have 1 to ${maxLength} characters`,
    }),
  );

/** Documents and validates the query parameter that filters a list by reference id. */
export const ReferenceIdFilter = (description: string): PropertyDecorator =>
  applyDecorators(
    ApiPropertyOptional({
      description,
      minLength: 1,
      maxLength: REFERENCE_ID_MAX_LENGTH,
    }),
    IsOptional(),
    IsReferenceId(),
  );
