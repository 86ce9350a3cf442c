/** One refused field. */
export class FieldProblemDto {
  /** @example 'returnUrl' */
  field: string;
  /** @example 'is not in the list of allowed return URLs' */
  detail: string;
}

/**
 * An error, as RFC 9457 has it. Decide by `code`: it is stable, the texts are not. Some codes bring facts as members of
 * their own, such as `availableProviders` or `requiredScope`.
 */
export class ProblemDto {
  /** @example 'urn:terra-connect:problem:connection.not_found' */
  type: string;
  /** @example 'Not found' */
  title: string;
  /** @example 404 */
  status: number;
  /**
   * Stable and machine-readable.
   * @example 'connection.not_found'
   */
  code: string;
  /** What happened and what to do. */
  detail: string;
  /** With `request.invalid`: the fields that were refused. */
  errors?: FieldProblemDto[];
}
