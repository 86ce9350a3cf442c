/**
 * A request failed before one of its bytes left this process, so Terra cannot have acted on it.
 *
 * - `no_connection`: there was no connection to Terra, or to the proxy: DNS, TCP, TLS or CONNECT failed
 * - `dead_connection`: the request was to reuse a connection, which died before the request was written to it
 */
export class RequestNotSentError extends Error {
  constructor(
    readonly reason: 'no_connection' | 'dead_connection',
    /** The code of Node's or undici's error, for the log. */
    readonly code: string,
  ) {
    super(`The request was not sent: ${code}.`);
    this.name = 'RequestNotSentError';
  }
}
