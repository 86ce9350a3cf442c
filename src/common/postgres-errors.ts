/** The Postgres errors that the code handles, by SQLSTATE, socket code or driver message. */

// 40P01: Postgres ended one of several transactions that waited for each other. 40001: serialization failure.
const TRANSIENT_STATES = new Set(['40P01', '40001']);
/** Behind a pooler, a named statement is on another server connection: it is missing there, or the name is taken. */
const LOST_STATEMENT_STATES = ['26000', '42P05'];
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
  return [...TRANSIENT_STATES].some((state) => hasSqlState(error, state));
}

/** Whether a named statement failed because a pooler shares the server connections. */
export function isStatementLost(error: unknown): boolean {
  return LOST_STATEMENT_STATES.some((state) => hasSqlState(error, state));
}

const SOCKET_FAILURES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);
/**
 * The SQLSTATEs of a server that serves no client now: 08 connection, also the reports of a pooler; 25006 read-only, which
 * is a standby after a fail-over; 28 login rejected, as during a change of the password; 3D000 database absent, as during
 * a restore; 53 no disk, no memory, too many connections; 57P shutting down, crash recovery; 58 I/O error.
 */
const DOWN_STATES = /^(08...|25006|28...|3D000|53...|57P..|58...)$/;
// These errors of node-postgres have no code, only a message.
const DOWN_MESSAGES =
  /timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error/;
// 57014: the statement timeout of Postgres. 55P03: its lock timeout. 25P03, 25P04: a transaction was idle or took too long.
const SLOW_STATES = /^(57014|55P03|25P03|25P04)$/;
const SLOW_MESSAGE = 'Query read timeout';

/**
 * Whether Postgres serves nobody now: it is unreachable, refuses connections, or cannot write. It is then not the fault
 * of the statement, and the same statement works later.
 */
export function isDatabaseDown(error: unknown): boolean {
  return someFailure(
    error,
    (code, message) => SOCKET_FAILURES.has(code) || DOWN_STATES.test(code) || DOWN_MESSAGES.test(message),
  );
}

/** Whether Postgres is down, or too slow or too contended for this statement. The caller may retry. */
export function isDatabaseUnavailable(error: unknown): boolean {
  return isDatabaseDown(error) || isContended(error);
}

/**
 * Whether a statement took too long or met a concurrent transaction: mostly it waited for a lock. The statement can also be
 * slow by itself.
 */
export function isContended(error: unknown): boolean {
  return someFailure(
    error,
    (code, message) => SLOW_STATES.test(code) || message === SLOW_MESSAGE || TRANSIENT_STATES.has(code),
  );
}

/** The SQLSTATE of an error of Postgres; empty for any other error. */
export function sqlStateOf(error: unknown): string {
  let state = '';
  someFailure(error, (code) => {
    if (/^[0-9A-Z]{5}$/.test(code) && !SOCKET_FAILURES.has(code)) state = code;
    return state !== '';
  });
  return state;
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
