import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { hasCode, LauncherError } from './launcher-error';
import { isAlive, isServerOf } from './processes';
import { spawnAs, type PostgresUser } from './postgres-user';
import { keepSecret } from './secrets';
import { becomesTrue, settlesWithin } from './waiting';
import type { PostgresBinaries } from './postgres-binaries';

const INITDB_TIMEOUT_MS = 120_000;

export const ADMIN = 'postgres';

/** What is where in the folder that the embedded server has for itself. */
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
      throw new LauncherError(`${this.path} cannot be used as this user (${(error as Error).message}).`);
    }
  }

  get isInitialised(): boolean {
    return existsSync(join(this.cluster, 'PG_VERSION'));
  }

  password(): string {
    if (this.isInitialised && !existsSync(this.passwordFile)) {
      throw new LauncherError(
        `${this.passwordFile} is missing, so nobody can log in to this database. Restore it, or delete ${this.path}.`,
      );
    }
    return keepSecret(this.passwordFile, () => randomBytes(24).toString('base64url'));
  }

  assertVersion(majorVersion: string): void {
    if (!this.isInitialised) return;
    const found = readFileSync(join(this.cluster, 'PG_VERSION'), 'utf8').trim();
    if (found === majorVersion) return;
    throw new LauncherError(
      `${this.path} was made by PostgreSQL ${found}; this is PostgreSQL ${majorVersion}. ` +
        'Set DATA_DIR to another folder, or delete this one.',
    );
  }

  /** Made beside its place and moved there when complete, so that an interrupted first start leaves no half cluster. */
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
        // PostgreSQL's own locale sorts and folds alike on every operating system.
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
        `The database cluster could not be made in ${this.path}:\n${output.trim().split('\n').slice(-3).join('\n')}`,
      );
    }
    renameSync(fresh, this.cluster);
  }

  /** A launcher killed with -9 may leave its server behind (always so outside Linux). */
  async stopLeftover(): Promise<void> {
    const pidFile = join(this.cluster, 'postmaster.pid');
    if (!existsSync(pidFile)) return;
    const pid = Number(readFileSync(pidFile, 'utf8').split('\n')[0]);
    if (!Number.isInteger(pid) || pid <= 0 || !isAlive(pid)) return;
    const ours = isServerOf(pid, this.cluster);
    if (ours === false) {
      // The number belongs to some other program by now; PostgreSQL would take that for a running server.
      rmSync(pidFile, { force: true });
      return;
    }
    if (ours) {
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
      `A PostgreSQL server (process ${pid}) from an earlier start still uses ${this.path}. Stop it first.`,
    );
  }

  logSize(): number {
    return existsSync(this.log) ? statSync(this.log).size : 0;
  }

  logSince(offset: number): string {
    return existsSync(this.log) ? readFileSync(this.log).subarray(offset).toString() : '';
  }
}
