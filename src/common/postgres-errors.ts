/** Postgres broke a circle of transactions that waited for each other. */
const DEADLOCK_DETECTED = '40P01';
const SERIALIZATION_FAILURE = '40001';
/** A unique key is taken. */
export const UNIQUE_VIOLATION = '23505';
/** The table is not there: migrations have not been run. */
export const UNDEFINED_TABLE = '42P01';

/** Whether a driver error carries the given SQLSTATE and, if asked, was raised by the given constraint. */
export function hasSqlState(error: unknown, state: string, constraint?: string): boolean {
  const driverError = (error as { driverError?: unknown } | null)?.driverError ?? error;
  const { code, constraint: raisedBy } = (driverError ?? {}) as { code?: unknown; constraint?: unknown };
  return code === state && (constraint === undefined || raisedBy === constraint);
}

/** Whether Postgres gave up on a transaction that another one stood in the way of: run again, it may well succeed. */
export function isTransient(error: unknown): boolean {
  return hasSqlState(error, DEADLOCK_DETECTED) || hasSqlState(error, SERIALIZATION_FAILURE);
}

const SOCKET_FAILURES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
]);
// SQLSTATE class 08 (connection), 57P (shut down, crash, cannot connect now), 53300 (too many connections).
const LOST_STATES = /^(08...|57P..|53300)$/;
// node-postgres gives these no code.
const LOST_MESSAGES =
  /timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error/;
// Our own statement time-out, at the server and at the client: it may be the statement's fault, or a lock's.
const SLOW_STATE = '57014';
const SLOW_MESSAGE = 'Query read timeout';

/** Whether the error says that there is no connection to Postgres, whatever the statement was. */
export function isConnectionLost(error: unknown): boolean {
  return someFailure(
    error,
    (code, message) => SOCKET_FAILURES.has(code) || LOST_STATES.test(code) || LOST_MESSAGES.test(message),
  );
}

/** Whether Postgres could not do it in time, for want of a connection or of an answer: the caller may try again. */
export function isDatabaseUnavailable(error: unknown): boolean {
  const slow = (code: string, message: string): boolean => code === SLOW_STATE || message === SLOW_MESSAGE;
  return isConnectionLost(error) || someFailure(error, slow);
}

// By shape: an error of the driver's is not always an instance of this realm's Error. What it was caused by counts too.
function someFailure(error: unknown, matches: (code: string, message: string) => boolean): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { code, message, errors, cause } = error as Partial<AggregateError> & { code?: unknown };
  if (matches(typeof code === 'string' ? code : '', typeof message === 'string' ? message : '')) return true;
  const among = Array.isArray(errors) && errors.some((each) => someFailure(each, matches));
  return among || someFailure(cause, matches);
}
