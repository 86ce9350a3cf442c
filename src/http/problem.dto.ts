import { ApiProperty, ApiSchema } from '@nestjs/swagger';

@ApiSchema({ description: 'A rejected field.' })
export class FieldProblemDto {
  /**
   * Name of the field; the dotted path of a nested field.
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
    'An error as an RFC 9457 problem. Decide by `code`: the code is stable, the texts are not. Some codes have extra members, such as `availableProviders` or `requiredScope`.',
})
export class ProblemDto {
  /**
   * The code as a URI that names the problem. There is no page behind it.
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
