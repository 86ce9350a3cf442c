import { hasSqlState, isDatabaseDown } from '../../common';
import { MIGRATE_COMMAND } from '../data-source';
import type { Session } from './sessions';

const NO_RIGHT = '42501';

/** The database cannot be used or migrated as it is. The message says what was found, and what to do. */
export class DatabaseMismatchError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'DatabaseMismatchError';
  }
}

export const unsupportedServer = (version: number, oldest: number): DatabaseMismatchError =>
  new DatabaseMismatchError(
    `This server is PostgreSQL ${version}. Terra Connect needs PostgreSQL ${oldest} or newer: upgrade the server first.`,
  );

export const notMigrated = (): DatabaseMismatchError =>
  new DatabaseMismatchError(`The database has no tables yet: run ${MIGRATE_COMMAND} first.`);

export const partlyMigrated = (pending: string[]): DatabaseMismatchError =>
  new DatabaseMismatchError(
    `The database lacks migrations of this version (${pending.join(', ')}): run ${MIGRATE_COMMAND} first.`,
  );

export const newerDatabase = (unknown: string[]): DatabaseMismatchError =>
  new DatabaseMismatchError(
    `The database has migrations of a newer version (${unknown.join(', ')}). Run that version, or revert the migrations ` +
      'with its `migrate --revert`.',
  );

export const tablesWithoutList = (list: string): DatabaseMismatchError =>
  new DatabaseMismatchError(
    `The schema terra_connect has tables, but the list of their migrations (${list}) is absent or empty. If an application embeds ` +
      'Terra Connect in this database, its own migration run creates and changes the tables. Otherwise restore the list ' +
      'from a backup.',
  );

export const otherVersionsConnected = (sessions: Session[]): DatabaseMismatchError =>
  new DatabaseMismatchError(
    `Processes of another version are connected to the database: ${sessions.map(describeSession).join('; ')}. They ` +
      'would fail after the migration. Stop them, then run the command again. (A pooler keeps the connections of a ' +
      'stopped process for a while.) With --force, the command does not wait for them.',
  );

export const lockNotGranted = (waitSeconds: number, holder: Session | undefined): DatabaseMismatchError =>
  new DatabaseMismatchError(
    `Another session has held the migration lock for the ${waitSeconds} seconds that --wait allows` +
      (holder
        ? `: ${describeSession(holder)}. If that is a running migration, wait until it ends and run the command again. ` +
          `If not, end the session: SELECT pg_terminate_backend(${holder.pid}).`
        : ', and ended just now. Run the command again.'),
  );

export const tableLocked = (waitSeconds: number): DatabaseMismatchError =>
  new DatabaseMismatchError(
    `Another session has used a table that the migration changes for the ${waitSeconds} seconds that --wait allows. ` +
      'The migrations before it are complete. End that session (see pg_stat_activity), then run the command again: it ' +
      'goes on where it stopped.',
  );

/** An error that says what to do, such as a missing right, stays as it is. */
export function migrationFailed(name: string, error: unknown): unknown {
  if (error instanceof DatabaseMismatchError || isDatabaseDown(error) || hasSqlState(error, NO_RIGHT))
    return error;
  return new DatabaseMismatchError(
    `The migration ${name} failed: ${error instanceof Error ? error.message : String(error)}. The migrations before it are ` +
      'complete. Correct the cause, then run the command again: it goes on where it stopped.',
    error,
  );
}

export const notNewest = (name: string): DatabaseMismatchError =>
  new DatabaseMismatchError(
    `${name} is no longer the newest migration of the database. Nothing was changed. Run the command again.`,
  );

function describeSession({ pid, applicationName, address, since }: Session): string {
  const from = address ? ` from ${address}` : '';
  const time = since ? `, connected since ${since.toISOString()}` : '';
  return `pid ${pid} ("${applicationName}"${from}${time})`;
}
