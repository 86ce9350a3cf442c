/**
 * The settings of a session on which the code relies. A database, a role or the server can impose others, and some of
 * them would break the service silently: another date style makes other dates of the same text, another isolation level
 * fails under load.
 */
export interface SessionSettings {
  /** How long Postgres lets a statement run, in milliseconds; 0: without a limit. */
  statementTimeoutMs: number;
}

// A client that holds a transaction open and sends nothing blocks others, for example while its process is suspended.
const IDLE_IN_TRANSACTION_MS = 30_000;

const FORMATS = {
  DateStyle: 'ISO, MDY',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  bytea_output: 'hex',
  extra_float_digits: '1',
  standard_conforming_strings: 'on',
  // Every statement names its schema.
  search_path: 'public',
  // The statement timeout also ends the wait for a lock, with a better error.
  lock_timeout: '0',
};
const TRANSACTION_DEFAULTS = {
  default_transaction_isolation: 'read committed',
  default_transaction_read_only: 'off',
  default_transaction_deferrable: 'off',
};

// The other values wait for the disk; with "off", a crash loses webhooks that were acknowledged (R1).
const DURABLE = `CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END`;

/**
 * Sets the settings for a whole session, if the session is the client's own: returns one row then, and none behind a
 * pooler, where other clients would get the settings. `$1` is the process id that the client got at its start. A pooler
 * gives an id of its own, because it does not know yet which server connection it will use.
 */
export function pinSessionSql(settings: SessionSettings): string {
  const pinned = { ...FORMATS, ...TRANSACTION_DEFAULTS, ...timeouts(settings) };
  const calls = Object.entries(pinned).map(([name, value]) => `set_config('${name}', '${value}', false)`);
  return `SELECT ${calls.join(', ')}, set_config('synchronous_commit', ${DURABLE}, false) WHERE pg_backend_pid() = $1`;
}

/** Reads what {@link beginSql} needs to know behind a pooler. */
export const DURABILITY_SQL = `SELECT ${DURABLE} AS "synchronousCommit"`;

/** Starts a transaction that has the settings, for a session that other clients share through a pooler. */
export function beginSql(settings: SessionSettings, synchronousCommit: string): string {
  const pinned = { ...FORMATS, ...timeouts(settings), synchronous_commit: synchronousCommit };
  const local = Object.entries(pinned).map(([name, value]) => `SET LOCAL ${name} = ${literal(name, value)}`);
  return ['START TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE, NOT DEFERRABLE', ...local].join(
    '; ',
  );
}

// These two take lists, which SET reads as one name if they are quoted.
function literal(name: string, value: string): string {
  return name === 'DateStyle' || name === 'search_path' ? value : `'${value}'`;
}

function timeouts({ statementTimeoutMs }: SessionSettings): Record<string, string> {
  return {
    statement_timeout: String(statementTimeoutMs),
    idle_in_transaction_session_timeout: String(IDLE_IN_TRANSACTION_MS),
  };
}
