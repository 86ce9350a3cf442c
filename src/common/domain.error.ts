/**
 * The kind of an error. Only the problem filter turns a kind into an HTTP status.
 *
 * - `invalid` the caller's input cannot be accepted
 * - `unauthorized` the caller is unknown; `forbidden` the caller is known but lacks the right
 * - `not_found`; `gone` it existed; `conflict` it is in another state
 * - `upstream` Terra refused the service, for a reason that the caller cannot fix; `unavailable` retry later;
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
  /** Machine-readable details for the caller; they become members of the problem document. */
  details?: Record<string, unknown>;
  cause?: unknown;
  retryAfterSeconds?: number;
  /** With `unauthorized`: the authentication scheme that the route accepts; default `Bearer`. */
  challenge?: string;
}

/** Base class of every error that a caller may see. The code is API and stays; the text may change. */
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

/** A field of a request that was refused, and why. */
export interface FieldProblem {
  field: string;
  detail: string;
}

export class RequestInvalidError extends DomainError {
  constructor(errors: FieldProblem[]) {
    super(
      'invalid',
      'request.invalid',
      'Some fields of the request cannot be accepted; errors names each of them.',
      {
        details: { errors },
      },
    );
  }
}
