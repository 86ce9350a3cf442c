/**
 * The times of changes, by which callers page through connections. A caller that has read up to a time must have missed
 * nothing before it, although transactions commit in another order than they write. So a transaction that may change
 * connections first takes a mark, a shared advisory lock that names the second in which the transaction began, and then
 * reads the clock of Postgres for `updated_at`. Pages end before the oldest mark. Postgres shows locks to every role, and
 * a transaction that only reads, such as a dump, takes no mark.
 */

// Any number does, as long as no other advisory lock of the database has this pair of numbers.
const CLASS = 1_953_653_603;
// The second number of a lock has 31 bits.
const FROM_SECOND = 1_700_000_000;

/** Marks the transaction, until it ends, as one that may change connections. */
export const MARK_CHANGE = `pg_advisory_xact_lock_shared(${CLASS}, (floor(extract(epoch FROM now())) - ${FROM_SECOND})::int)`;

/** The time of a change. The transaction must have the mark before it reads this time. */
export const CHANGE_TIME = `date_trunc('milliseconds', clock_timestamp())`;

/**
 * Reads until when the changes of connections are complete: every change before that time is visible to a later statement.
 * null on a standby, which does not show the locks of the primary. The clock is that of the start of the statement, so it
 * is read before the locks. A `Date` in JavaScript has no microseconds, so a change can be a millisecond older than its mark.
 */
export const COMPLETE_UNTIL = `SELECT CASE WHEN NOT pg_is_in_recovery() THEN
    date_trunc('milliseconds', least(statement_timestamp(), to_timestamp(min(objid::bigint) + ${FROM_SECOND})))
      - interval '1 millisecond' END AS until
  FROM pg_locks WHERE locktype = 'advisory' AND classid = ${CLASS} AND objsubid = 2
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
