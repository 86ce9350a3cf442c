import { ApiExtraModels, ApiProperty, ApiPropertyOptional, ApiSchema, getSchemaPath } from '@nestjs/swagger';
import { CheckDto } from './check.dto';

@ApiSchema({ description: 'A rejected field.' })
export class FieldProblemDto {
  /**
   * Name of the field. A nested field has a dotted path.
   * @example 'returnUrl'
   */
  field: string;

  /**
   * Why the field is rejected.
   * @example 'is not in the list of allowed return URLs'
   */
  detail: string;
}

@ApiExtraModels(CheckDto)
@ApiSchema({
  description:
    'An error as an RFC 9457 problem. Let your program decide by `code`, which is stable. The texts may change. A member that is not required exists only with some codes.',
})
export class ProblemDto {
  /**
   * The `code` as a URI. The URI is only a name: no page has this address.
   * @example 'urn:terra-connect:problem:connection.not_found'
   */
  type: string;

  /**
   * The HTTP status in words.
   * @example 'Not found'
   */
  title: string;

  @ApiProperty({ type: 'integer', description: 'The HTTP status of the response.', example: 404 })
  status: number;

  /**
   * Stable, machine-readable code of the problem.
   * @example 'connection.not_found'
   */
  code: string;

  /**
   * What happened and what to do.
   * @example 'There is no connection with this id.'
   */
  detail: string;

  /** The rejected fields; only with `request.invalid` and `session.return_url_not_allowed`. */
  errors?: FieldProblemDto[];

  @ApiPropertyOptional({
    description: 'The scope that the API key lacks; only with `auth.missing_scope`.',
    example: 'connections:read',
  })
  requiredScope?: string;

  @ApiPropertyOptional({
    description: 'Name of the limit that the request exceeds; only with `rate_limit.exceeded`.',
    example: 'client',
  })
  limit?: string;

  @ApiPropertyOptional({
    description: 'Codes in the request that the Terra account does not offer; only with `provider.unknown`.',
    example: ['GRAMIN'],
  })
  unknownProviders?: string[];

  @ApiPropertyOptional({
    description: 'Codes that the Terra account offers; only with `provider.unknown`.',
    example: ['GARMIN', 'OURA'],
  })
  availableProviders?: string[];

  @ApiPropertyOptional({
    description: 'Ids in the request that no event has; only with `webhook_event.not_found`.',
    example: ['01980c0e-7b1a-7c3e-9d55-0f2b6f1c9a10'],
  })
  unknownIds?: string[];

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: { $ref: getSchemaPath(CheckDto) },
    description: 'The checks by name; only with `health.not_ready`.',
    example: { database: { status: 'down', advice: 'Postgres does not answer: check the server' } },
  })
  checks?: Record<string, CheckDto>;
}
