import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsInt, IsOptional, IsString, Max, Min, Validate, ValidatorConstraint } from 'class-validator';
import type { ValidatorConstraintInterface } from 'class-validator';
import { ReferenceIdFilter, ToWholeNumber } from '../../http';
import { typesOf } from '../event-type-patterns';

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 500;
const MAX_WAIT_SECONDS = 30;
const LIMIT_PROBLEM = { message: `must be a whole number from 1 to ${MAX_LIMIT}` };
const WAIT_PROBLEM = { message: `must be a whole number of seconds from 0 to ${MAX_WAIT_SECONDS}` };

@ValidatorConstraint()
class IsTypeList implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    return typeof value === 'string' && typesOf(value.split(',')) !== null;
  }

  defaultMessage(): string {
    return 'must be a list of event types such as `connection.connected`, or of groups such as `connection.*`, separated by commas';
  }
}

/** The filters and the start of a part of the log. */
export class ListEventsDto {
  @ApiPropertyOptional({
    description:
      'The `nextCursor` of the previous answer, or `latest` to start after the newest event. Omit it to start with the oldest event that the service has.',
    example: 'latest',
  })
  @IsOptional()
  @IsString()
  after?: string;

  @ApiPropertyOptional({
    description:
      'Only events of these types, separated by commas. `connection.*` stands for a group. Default: all types.',
    example: 'connection.*,end_user.erased',
  })
  @IsOptional()
  @Validate(IsTypeList)
  types?: string;

  @ReferenceIdFilter('Only events about this end user; case-sensitive.')
  referenceId?: string;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 1,
    maximum: MAX_LIMIT,
    description: 'Maximum number of events in the answer.',
    example: DEFAULT_LIMIT,
  })
  @IsOptional()
  @ToWholeNumber()
  @IsInt(LIMIT_PROBLEM)
  @Min(1, LIMIT_PROBLEM)
  @Max(MAX_LIMIT, LIMIT_PROBLEM)
  limit: number = DEFAULT_LIMIT;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 0,
    maximum: MAX_WAIT_SECONDS,
    description: 'How many seconds to wait for an event if none is there. Default: 0.',
    example: 0,
  })
  @IsOptional()
  @ToWholeNumber()
  @IsInt(WAIT_PROBLEM)
  @Min(0, WAIT_PROBLEM)
  @Max(MAX_WAIT_SECONDS, WAIT_PROBLEM)
  wait: number = 0;
}
