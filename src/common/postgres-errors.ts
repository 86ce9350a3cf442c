/** The Postgres errors that the code handles, by SQLSTATE, socket code or driver message. */

/** Postgres ended one of several transactions that waited for each other. */
const DEADLOCK_DETECTED = '40P01';
const SERIALIZATION_FAILURE = '40001';
/** Another row has the same unique key. */
export const UNIQUE_VIOLATION = '23505';
/** The table does not exist: the migrations have not run. */
export const UNDEFINED_TABLE = '42P01';

/** Whether an error has the SQLSTATE `state` and, if `constraint` is given, names that constraint. */
export function hasSqlState(error: unknown, state: string, constraint?: string): boolean {
  const driverError = (error as { driverError?: unknown } | null)?.driverError ?? error;
  const { code, constraint: raisedBy } = (driverError ?? {}) as { code?: unknown; constraint?: unknown };
  return code === state && (constraint === undefined || raisedBy === constraint);
}

/** Whether Postgres ended the transaction because of a concurrent one. A retry is likely to succeed. */
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
// These errors of node-postgres have no code, only a message.
const LOST_MESSAGES =
  /timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error/;
// The statement timeouts of Postgres and of node-postgres. The statement is slow, or it waits for a lock.
const SLOW_STATE = '57014';
const SLOW_MESSAGE = 'Query read timeout';

/** Whether the service has lost its connection to Postgres or cannot open one. */
export function isConnectionLost(error: unknown): boolean {
  return someFailure(
    error,
    (code, message) => SOCKET_FAILURES.has(code) || LOST_STATES.test(code) || LOST_MESSAGES.test(message),
  );
}

/** Whether Postgres gave no connection or no answer in time. The caller may retry. */
export function isDatabaseUnavailable(error: unknown): boolean {
  const slow = (code: string, message: string): boolean => code === SLOW_STATE || message === SLOW_MESSAGE;
  return isConnectionLost(error) || someFailure(error, slow);
}

// Tests the error, its causes and the errors that it aggregates. It reads properties and not the class,
// because a driver error may come from another realm.
function someFailure(error: unknown, matches: (code: string, message: string) => boolean): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { code, message, errors, cause } = error as Partial<AggregateError> & { code?: unknown };
  if (matches(typeof code === 'string' ? code : '', typeof message === 'string' ? message : '')) return true;
  const among = Array.isArray(errors) && errors.some((each) => someFailure(each, matches));
  return among || someFailure(cause, matches);
}
