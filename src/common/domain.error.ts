/**
 * What kind of thing went wrong. The problem filter turns a kind into an HTTP status; nothing else does.
 *
 * - `invalid` the caller's input cannot be accepted
 * - `unauthorized` nobody we know; `forbidden` somebody known who may not
 * - `not_found`, `gone` it was there, `conflict` it is in another state
 * - `upstream` Terra refused us, for a reason the caller cannot mend; `unavailable` try again later;
 *   `timeout` Terra did not answer in time
 */
export type DomainErrorKind =
  | 'invalid'
  | 'unauthorized'
  | 'forbidden'
  | 'not_found'
  | 'gone'
  | 'conflict'
  | 'too_large'
  | 'upstream'
  | 'unavailable'
  | 'timeout';

export interface DomainErrorOptions {
  /** Machine-readable facts for the caller; they become members of the problem document. */
  details?: Record<string, unknown>;
  cause?: unknown;
  retryAfterSeconds?: number;
  /** With `unauthorized`: the scheme that would be accepted; `Bearer` if not said. */
  challenge?: string;
}

/** Base of every error that a caller may see. The code is API and stays; the text may change. */
export abstract class DomainError extends Error {
  readonly details: Record<string, unknown>;
  readonly retryAfterSeconds: number | undefined;
  readonly challenge: string;

  protected constructor(
    readonly kind: DomainErrorKind,
    readonly code: string,
    message: string,
    options: DomainErrorOptions = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.details = options.details ?? {};
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.challenge = options.challenge ?? 'Bearer';
  }
}

/** One field of a request that was refused. */
export interface FieldProblem {
  field: string;
  detail: string;
}

export class RequestInvalidError extends DomainError {
  constructor(errors: FieldProblem[]) {
    super('invalid', 'request.invalid', 'The request has fields that cannot be accepted.', {
      details: { errors },
    });
  }
}
