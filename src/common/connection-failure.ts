const SOCKET_FAILURES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
]);
// SQLSTATE class 08 (connection), 57P (shut down, crash, cannot connect now), 53300 (too many connections), and
// 57014 (our own statement time-out).
const SQL_STATES = /^(08...|57P..|53300|57014)$/;
// node-postgres gives these no code.
const POOL_MESSAGES =
  /timeout exceeded when trying to connect|Connection terminated|Query read timeout|Client has encountered a connection error/;

/** Whether the error says that Postgres could not be reached in time, as opposed to a statement that is wrong. */
export function isDatabaseUnavailable(error: unknown): boolean {
  // By shape: an error of the driver's is not always an instance of this realm's Error.
  if (typeof error !== 'object' || error === null) return false;
  const { code, message, errors, cause } = error as Partial<AggregateError> & { code?: unknown };
  if (typeof code === 'string' && (SOCKET_FAILURES.has(code) || SQL_STATES.test(code))) return true;
  if (typeof message === 'string' && POOL_MESSAGES.test(message)) return true;
  return (Array.isArray(errors) && errors.some(isDatabaseUnavailable)) || isDatabaseUnavailable(cause);
}
