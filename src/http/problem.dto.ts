import { ApiProperty, ApiSchema } from '@nestjs/swagger';

@ApiSchema({ description: 'One refused field.' })
export class FieldProblemDto {
  /**
   * Its name; of a nested one the path, with dots.
   * @example 'returnUrl'
   */
  field: string;

  /**
   * Why it is refused.
   * @example 'is not in the list of allowed return URLs'
   */
  detail: string;
}

@ApiSchema({
  description:
    'An error, as RFC 9457 has it. Decide by `code`: it is stable, the texts are not. Some codes bring facts as members of their own, such as `availableProviders` or `requiredScope`.',
})
export class ProblemDto {
  /**
   * The code as a URI; it leads nowhere.
   * @example 'urn:terra-connect:problem:connection.not_found'
   */
  type: string;

  /**
   * The status in words.
   * @example 'Not found'
   */
  title: string;

  @ApiProperty({ type: 'integer', description: 'The HTTP status of the answer.', example: 404 })
  status: number;

  /**
   * Stable and machine-readable.
   * @example 'connection.not_found'
   */
  code: string;

  /**
   * What happened and what to do.
   * @example 'There is no connection with this id.'
   */
  detail: string;

  /** With `request.invalid` and `session.return_url_not_allowed`: the fields that were refused. */
  errors?: FieldProblemDto[];
}
