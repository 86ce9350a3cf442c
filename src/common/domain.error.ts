/**
 * The kind of an error. Only the problem filter turns a kind into an HTTP status.
 *
 * - `malformed`: the service cannot read the request; `unsupported`: it does not support the form of the body
 * - `invalid`: the caller's input is not valid; `too_large`: the body is larger than the route accepts
 * - `unauthorized`: the caller is unknown; `forbidden`: the caller is known, but its key lacks the scope
 * - `not_found`: the object does not exist; `gone`: it existed; `conflict`: its state does not allow the request
 * - `rate_limited`: the caller sends more than its quota
 * - `upstream`: Terra rejects the service, for a reason that the caller cannot fix
 * - `unavailable`: a later retry may succeed; `timeout`: Terra did not answer in time
 */
export type DomainErrorKind =
  | 'malformed'
  | 'unsupported'
  | 'invalid'
  | 'unauthorized'
  | 'forbidden'
  | 'not_found'
  | 'gone'
  | 'conflict'
  | 'too_large'
  | 'rate_limited'
  | 'upstream'
  | 'unavailable'
  | 'timeout';

export interface DomainErrorOptions {
  /** Machine-readable details for the caller. They become members of the problem. */
  details?: Record<string, unknown>;
  cause?: unknown;
  retryAfterSeconds?: number;
  /** Whether the service rejects the request before it has read the body: then it closes the connection. */
  leavesBodyUnread?: boolean;
  /** For `unauthorized`: the authentication scheme that the route accepts; default `Bearer`. */
  challenge?: string;
}

/** Base class of every error that a caller may see. The code is part of the API and never changes; the text may. */
export abstract class DomainError extends Error {
  readonly details: Record<string, unknown>;
  readonly retryAfterSeconds: number | undefined;
  readonly leavesBodyUnread: boolean;
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
    this.leavesBodyUnread = options.leavesBodyUnread ?? false;
    this.challenge = options.challenge ?? 'Bearer';
  }
}

/** The service cannot read the request. The message says why, and what to send instead. */
export class RequestMalformedError extends DomainError {
  constructor(message: string) {
    super('malformed', 'request.malformed', message);
  }
}

/** A rejected field of a request, and the reason. */
export interface FieldProblem {
  field: string;
  detail: string;
}

export class RequestInvalidError extends DomainError {
  constructor(errors: FieldProblem[]) {
    super(
      'invalid',
      'request.invalid',
      'Some fields of the request are not valid. `errors` names each field and the reason.',
      {
        details: { errors },
      },
    );
  }
}
