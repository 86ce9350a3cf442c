import { ApiProperty, ApiSchema } from '@nestjs/swagger';

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

@ApiSchema({
  description:
    'An error as an RFC 9457 problem. Let your program decide by `code`, which is stable. The texts may change. Some codes have extra members, such as `availableProviders` or `requiredScope`.',
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
}
