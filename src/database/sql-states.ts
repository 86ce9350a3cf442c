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
