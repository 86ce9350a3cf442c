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
  for (let current = error; current instanceof Error; current = current.cause) {
    const { code } = current as { code?: unknown };
    if (typeof code === 'string' && (SOCKET_FAILURES.has(code) || SQL_STATES.test(code))) return true;
    if (POOL_MESSAGES.test(current.message)) return true;
    if (current instanceof AggregateError && current.errors.some(isDatabaseUnavailable)) return true;
  }
  return false;
}
