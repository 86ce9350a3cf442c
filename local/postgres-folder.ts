import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { hasCode, LauncherError } from './launcher-error';
import { isAlive, isPostgresServerOf } from './processes';
import { spawnAs, type PostgresUser } from './postgres-user';
import { readOrCreateSecret } from './secrets';
import { becomesTrue, settlesWithin } from './waiting';
import type { PostgresBinaries } from './postgres-binaries';

const INITDB_TIMEOUT_MS = 120_000;

export const ADMIN = 'postgres';

/** The folder of an embedded server: the database cluster, the log and the password file. */
export class PostgresFolder {
  readonly cluster: string;
  readonly log: string;
  private readonly passwordFile: string;

  constructor(readonly path: string) {
    this.cluster = join(path, 'cluster');
    this.log = join(path, 'server.log');
    this.passwordFile = join(path, 'password');
  }

  create(): void {
    try {
      mkdirSync(this.path, { recursive: true, mode: 0o700 });
      readdirSync(this.path);
    } catch (error) {
      if (!hasCode(error, 'EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST')) throw error;
      throw new LauncherError(
        `This user cannot use ${this.path} (${(error as Error).message}). Set DATA_DIR to a folder that you may write to.`,
      );
    }
  }

  get isInitialised(): boolean {
    return existsSync(join(this.cluster, 'PG_VERSION'));
  }

  password(): string {
    if (this.isInitialised && !existsSync(this.passwordFile)) {
      throw new LauncherError(
        `The password file ${this.passwordFile} is missing, so the launcher cannot log in to the database. Restore the file, or delete ${this.path} to start from scratch.`,
      );
    }
    return readOrCreateSecret(this.passwordFile, () => randomBytes(24).toString('base64url'));
  }

  assertVersion(majorVersion: string): void {
    if (!this.isInitialised) return;
    const found = readFileSync(join(this.cluster, 'PG_VERSION'), 'utf8').trim();
    if (found === majorVersion) return;
    throw new LauncherError(
      `${this.path} was created by PostgreSQL ${found}, but this is PostgreSQL ${majorVersion}. ` +
        'Set DATA_DIR to another folder, or delete this one.',
    );
  }

  /** Creates the cluster under another name and renames it at the end, so that an interrupted start leaves no partial cluster. */
  async initialise(user: PostgresUser, binaries: PostgresBinaries, durable: boolean): Promise<void> {
    for (const name of readdirSync(this.path)) {
      if (name.startsWith('new-')) rmSync(join(this.path, name), { recursive: true, force: true });
    }
    const fresh = join(this.path, `new-${process.pid}`);
    const child = spawnAs(
      user,
      binaries.initdb,
      [
        ...['-D', fresh, '--username', ADMIN, '--pwfile', this.passwordFile, '--auth', 'scram-sha-256'],
        // The built-in locale of PostgreSQL sorts and changes case in the same way on every operating system.
        ...[
          '--encoding',
          'UTF8',
          '--no-locale',
          '--locale-provider',
          'builtin',
          '--builtin-locale',
          'C.UTF-8',
        ],
        ...['--no-instructions', ...(durable ? [] : ['--no-sync'])],
      ],
      ['ignore', 'pipe', 'pipe'],
    );
    let output = '';
    child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const closed = once(child, 'close');
    if (!(await settlesWithin(closed, INITDB_TIMEOUT_MS))) child.kill('SIGKILL');
    const [code] = (await closed) as [number | null];
    if (code !== 0) {
      throw new LauncherError(
        `initdb could not create the database cluster in ${this.path}:\n${output.trim().split('\n').slice(-3).join('\n')}`,
      );
    }
    renameSync(fresh, this.cluster);
  }

  /** Stops the server of an earlier launcher. Outside of Linux, a launcher that is killed with -9 leaves its server running. */
  async stopLeftover(): Promise<void> {
    const pidFile = join(this.cluster, 'postmaster.pid');
    if (!existsSync(pidFile)) return;
    const pid = Number(readFileSync(pidFile, 'utf8').split('\n')[0]);
    if (!Number.isInteger(pid) || pid <= 0 || !isAlive(pid)) return;
    const isOurs = isPostgresServerOf(pid, this.cluster);
    if (isOurs === false) {
      // Another program has this process id now. PostgreSQL would mistake that program for a running server.
      rmSync(pidFile, { force: true });
      return;
    }
    if (isOurs) {
      for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
        try {
          process.kill(pid, signal);
        } catch (error) {
          if (hasCode(error, 'ESRCH')) return;
          if (!hasCode(error, 'EPERM')) throw error;
        }
        if (await becomesTrue(() => !isAlive(pid), 10_000)) return;
      }
    }
    throw new LauncherError(
      `A PostgreSQL server (process ${pid}) from an earlier start still uses ${this.path}. Stop that process, then start again.`,
    );
  }

  logSize(): number {
    return existsSync(this.log) ? statSync(this.log).size : 0;
  }

  logSince(offset: number): string {
    return existsSync(this.log) ? readFileSync(this.log).subarray(offset).toString() : '';
  }
}
