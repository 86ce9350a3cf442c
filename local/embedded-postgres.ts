import { execFile, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, renameSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { claimFolder } from './folder-owner';
import { hasCode, LauncherError, PortTakenError } from './launcher-error';
import { assertPortFree, findFreePort } from './ports';
import { findPostgresBinaries, type PostgresBinaries } from './postgres-binaries';
import { ADMIN, PostgresFolder } from './postgres-folder';
import { choosePostgresUser, spawnAs, type PostgresUser } from './postgres-user';
import { endOf } from './processes';
import { settlesWithin } from './waiting';

const HOST = '127.0.0.1';
const READY_TIMEOUT_MS = 60_000;
const LOG_LIMIT = 10 * 1024 * 1024;
const NAME = 'the embedded PostgreSQL';
const PORT_VARIABLE = 'POSTGRES_PORT';

export interface EmbeddedPostgresOptions {
  /** The folder for the data, the log and the password. Created when missing; no other program may use it. */
  dataDir: string;
  /** Default: any free port. */
  port?: number;
  /** Whether a commit must survive a power cut. Tests do not need that. */
  durable: boolean;
}

export interface EmbeddedPostgres {
  readonly port: number;
  readonly pid: number;
  /** The URL of a database of this server, with user and password. */
  url(database: string): string;
  /** Creates the database unless it exists. */
  ensureDatabase(name: string): Promise<void>;
  /** Resolves when the server has ended, with the exit code or signal and the last lines of its log. */
  readonly exited: Promise<string>;
  stop(): Promise<void>;
}

/** Starts a PostgreSQL server that ends with this process, and waits until it accepts connections. */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const folder = new PostgresFolder(resolve(options.dataDir));
  const binaries = findPostgresBinaries();
  folder.create();
  const claim = claimFolder(folder.path);
  try {
    folder.assertVersion(binaries.majorVersion);
    await folder.stopLeftover();
    const password = folder.password();
    const user = await choosePostgresUser(binaries.postgres, folder.path);
    if (!folder.isInitialised) await folder.initialise(user, binaries, options.durable);
    if (folder.logSize() > LOG_LIMIT) renameSync(folder.log, `${folder.log}.old`);

    for (let attempt = 1; ; attempt++) {
      if (options.port) await assertPortFree(options.port, NAME, PORT_VARIABLE);
      const port = options.port ?? (await findFreePort());
      const server = new Server(folder, binaries, user, { port, password, durable: options.durable });
      try {
        await server.ready();
      } catch (error) {
        await server.stop();
        // Another program can take the port after findFreePort and before the server listens.
        if (error instanceof PortTakenError && !options.port && attempt < 5) continue;
        throw error;
      }
      return {
        port,
        pid: server.pid,
        exited: server.exited,
        url: (database) => server.url(database),
        ensureDatabase: (name) => server.ensureDatabase(name),
        stop: async () => {
          await server.stop();
          claim.release();
        },
      };
    }
  } catch (error) {
    claim.release();
    throw error;
  }
}

class Server {
  readonly exited: Promise<string>;
  private readonly child: ChildProcess;
  private readonly logStart: number;
  private ended = false;

  constructor(
    private readonly folder: PostgresFolder,
    private readonly binaries: PostgresBinaries,
    user: PostgresUser,
    private readonly settings: { port: number; password: string; durable: boolean },
  ) {
    this.logStart = folder.logSize();
    const log = openSync(folder.log, 'a', 0o600);
    this.child = spawnAs(user, binaries.postgres, this.arguments(), ['ignore', log, log]);
    closeSync(log);
    // Outside of Linux, nothing else stops the server when this process exits without stop().
    this.exited = endOf(this.child, () => this.child.kill('SIGINT')).then((reason) => {
      this.ended = true;
      return `${reason}\n${this.logTail()}`.trimEnd();
    });
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  url(database: string): string {
    const url = new URL(`postgresql://${HOST}:${this.settings.port}/${encodeURIComponent(database)}`);
    url.username = ADMIN;
    url.password = this.settings.password;
    return url.href;
  }

  async ready(): Promise<void> {
    const end = Date.now() + READY_TIMEOUT_MS;
    for (;;) {
      if (this.ended) throw this.failure(await this.exited);
      try {
        return await this.query('SELECT 1');
      } catch (error) {
        if (hasCode(error, '28P01')) {
          throw new LauncherError(
            `The password in ${this.folder.path} does not match the database. Restore the password file, or delete the folder to start from scratch.`,
          );
        }
        if (Date.now() > end) {
          throw this.failure(`no answer within ${READY_TIMEOUT_MS / 1000} s\n${this.logTail()}`);
        }
      }
      await sleep(15);
    }
  }

  async ensureDatabase(name: string): Promise<void> {
    try {
      await this.query(`CREATE DATABASE "${name.replaceAll('"', '""')}"`);
    } catch (error) {
      if (!hasCode(error, '42P04')) throw error;
    }
  }

  async stop(): Promise<void> {
    if (this.ended) return;
    if (process.platform === 'win32') {
      // Windows has no signals, so kill() would end the server without a clean stop.
      await promisify(execFile)(
        this.binaries.pgCtl,
        ['stop', '-D', this.folder.cluster, '-m', 'fast', '-t', '10'],
        {
          timeout: 15_000,
        },
      ).catch(() => undefined);
    } else {
      this.child.kill('SIGINT');
    }
    if (await settlesWithin(this.exited, 10_000)) return;
    this.child.kill('SIGQUIT');
    if (await settlesWithin(this.exited, 5_000)) return;
    this.child.kill('SIGKILL');
    await settlesWithin(this.exited, 5_000);
  }

  private arguments(): string[] {
    const notDurable = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };
    const settings = {
      listen_addresses: HOST,
      port: String(this.settings.port),
      // Open no Unix socket: no client uses one, and a long folder path exceeds the limit of 107 characters.
      unix_socket_directories: '',
      timezone: 'UTC',
      log_timezone: 'UTC',
      shared_buffers: '64MB',
      ...(this.settings.durable ? {} : notDurable),
    };
    return [
      '-D',
      this.folder.cluster,
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ];
  }

  private async query(sql: string): Promise<void> {
    const client = new Client({ connectionString: this.url('postgres'), connectionTimeoutMillis: 5_000 });
    // Without a listener, a server that stops while the client is idle crashes this process.
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.query(sql);
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  private logTail(): string {
    return this.folder.logSince(this.logStart).trim().split('\n').slice(-12).join('\n');
  }

  private failure(reason: string): LauncherError {
    if (/Address already in use/i.test(reason))
      return new PortTakenError(this.settings.port, NAME, PORT_VARIABLE);
    if (/lock file .* already exists/.test(reason)) {
      return new LauncherError(
        `${this.folder.path} is in use by another PostgreSQL server. Stop that server, then start again.`,
      );
    }
    return new LauncherError(
      `The embedded PostgreSQL did not start: ${reason}\nRead its log: ${this.folder.log}`,
    );
  }
}
