import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findFreePort } from '../../../local/ports';
import { choosePostgresUser } from '../../../local/postgres-user';
import { findDebianProgram, makeProgramFolder, ProgramProcess, type DebianProgram } from './debian-program';

export const PGBOUNCER: DebianProgram = {
  command: 'pgbouncer',
  debianPackage: 'pgbouncer',
  variable: 'PGBOUNCER',
};

export interface PgBouncer {
  /** The URL of the same database, through the pooler. */
  url: string;
  log: () => string;
  stop: () => Promise<void>;
}

export interface PgBouncerOptions {
  /** The URL of a database, with user and password. The pooler serves every database of its server. */
  databaseUrl: string;
  /** Settings of `pgbouncer.ini`. They replace those below. */
  settings?: Record<string, string | number>;
}

/** Starts PgBouncer in transaction mode on a free port of 127.0.0.1. Everything else is PgBouncer's default. */
export async function startPgBouncer({ databaseUrl, settings }: PgBouncerOptions): Promise<PgBouncer> {
  const port = await findFreePort();
  const folder = makeProgramFolder(PGBOUNCER);
  const url = new URL(databaseUrl);
  const userList = join(folder, 'users.txt');
  writeFileSync(userList, `${quoted(url.username)} ${quoted(url.password)}\n`);
  const all = {
    listen_addr: '127.0.0.1',
    listen_port: port,
    unix_socket_dir: '',
    auth_type: 'scram-sha-256',
    auth_file: userList,
    pool_mode: 'transaction',
    ...settings,
  };
  const file = join(folder, 'pgbouncer.ini');
  const lines = Object.entries(all).map(([name, value]) => `${name} = ${value}`);
  writeFileSync(
    file,
    ['[databases]', `* = host=${url.hostname} port=${url.port}`, '[pgbouncer]', ...lines, ''].join('\n'),
  );
  const process = await ProgramProcess.start({
    program: PGBOUNCER,
    args: [file],
    folder,
    port,
    // Like PostgreSQL, PgBouncer does not run as root.
    user: await choosePostgresUser(findDebianProgram(PGBOUNCER), folder),
  });
  url.port = String(port);
  return { url: url.href, log: () => process.log(), stop: () => process.stop() };
}

/** A user or a password of a URL, as PgBouncer's list of users quotes it. */
function quoted(part: string): string {
  return `"${decodeURIComponent(part).replaceAll('"', '""')}"`;
}
