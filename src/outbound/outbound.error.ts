/**
 * - `url_forbidden`: the URL is not one that the service calls
 * - `address_forbidden`: the host leads to an address that the service does not call
 * - `name_unresolved`: the host has no address, or no name server answered
 * - `connection_failed`: TCP, the proxy or HTTP failed
 * - `tls_failed`: the certificate is not valid for the host, or there was no TLS
 * - `timed_out`: a deadline passed before the headers of the answer were there
 * - `too_large`: the request, the headers of the answer, or a download
 * - `answer_rejected`: a download has another status, content type or encoding than it must have
 * - `busy`: this process already has as many requests to this origin as it allows
 * - `aborted`: the caller's signal
 */
export type OutboundErrorCode =
  | 'url_forbidden'
  | 'address_forbidden'
  | 'name_unresolved'
  | 'connection_failed'
  | 'tls_failed'
  | 'timed_out'
  | 'too_large'
  | 'answer_rejected'
  | 'busy'
  | 'aborted';

/** A request to a host outside failed. The text holds no part of the URL. */
export class OutboundError extends Error {
  constructor(
    readonly code: OutboundErrorCode,
    /** What happened in detail, such as the code of Node's error. Free of text from outside. */
    readonly detail: string,
    /** Whether the receiver may have got the request. */
    readonly sent: boolean = false,
  ) {
    super(`The request failed: ${code} (${detail}).`);
    this.name = 'OutboundError';
  }
}
