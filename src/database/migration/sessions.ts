import type { QueryRunner } from 'typeorm';
import { MIGRATIONS } from '../../../migrations';

const PREFIX = 'terra-connect';
/** The application name of the migration command. It is no process that uses the tables. */
export const MIGRATOR_NAME = `${PREFIX} migrate`;

/** A session of Postgres, for messages to an operator. */
export interface Session {
  pid: number;
  applicationName: string;
  /** Null for a local socket, and for a role that may not see the sessions of other roles. */
  address: string | null;
  since: Date | null;
}

/** The newest of the migrations, as a number: the time in its name. Versions with other migrations have other numbers. */
export function schemaNumberOf(migrations: readonly { name: string }[]): number {
  return Math.max(0, ...migrations.map(({ name }) => Number(name.slice(-13))));
}

/**
 * The application name of this version's connections. It tells the migration command, and the operator in
 * pg_stat_activity, which migrations the process needs.
 */
export function applicationName(): string {
  return `${PREFIX} schema ${schemaNumberOf(MIGRATIONS)}`;
}

/**
 * The sessions of Terra Connect processes that need other migrations than those up to `schemaNumber`. A process is
 * recognised while it has a connection: its pool closes idle ones after ten seconds.
 */
export async function sessionsOfOtherVersions(runner: QueryRunner, schemaNumber: number): Promise<Session[]> {
  const sessions = await readSessions(
    runner,
    `WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name LIKE $1`,
    [`${PREFIX}%`],
  );
  const fitting = [MIGRATOR_NAME, `${PREFIX} schema ${schemaNumber}`];
  return sessions.filter((session) => !fitting.includes(session.applicationName));
}

/** The session that holds the advisory lock with the number `lock`. */
export async function holderOf(runner: QueryRunner, lock: number): Promise<Session | undefined> {
  const [holder] = await readSessions(
    runner,
    `JOIN pg_catalog.pg_locks USING (pid)
     WHERE locktype = 'advisory' AND granted AND classid = 0 AND objid = $1 AND objsubid = 1
       AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())`,
    [lock],
  );
  return holder;
}

async function readSessions(runner: QueryRunner, condition: string, values: unknown[]): Promise<Session[]> {
  const rows = (await runner.query(
    `SELECT pid, application_name AS name, client_addr::text AS address,
       (extract(epoch FROM backend_start) * 1000)::float8 AS since
     FROM pg_catalog.pg_stat_activity ${condition} ORDER BY backend_start, pid`,
    values,
  )) as { pid: number; name: string; address: string | null; since: number | null }[];
  return rows.map(({ pid, name, address, since }) => ({
    pid,
    applicationName: name,
    address: address?.replace(/\/(32|128)$/, '') ?? null,
    since: since === null ? null : new Date(since),
  }));
}
