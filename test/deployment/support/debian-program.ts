import type { ChildProcess } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnAs, type PostgresUser } from '../../../local/postgres-user';
import { endOf } from '../../../local/processes';
import { becomesTrue, settlesWithin } from '../../../local/waiting';

const READY_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 10_000;
const LOG_TAIL_LINES = 15;

/** A program that tests take from a package of Debian. */
export interface DebianProgram {
  command: string;
  debianPackage: string;
  /** The environment variable that names another path of the program. */
  variable: string;
}

/** @throws Error that says what to install when the program is missing */
export function findDebianProgram({ command, debianPackage, variable }: DebianProgram): string {
  const chosen = process.env[variable];
  // The PATH of an ordinary user does not have /usr/sbin.
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/local/sbin'];
  const candidates = chosen ? [chosen] : folders.map((folder) => join(folder, command));
  const found = candidates.find((path) => existsSync(path));
  if (found) return found;
  throw new Error(
    `${chosen ? `There is no ${command} at ${chosen}` : `${command} is missing`}. ` +
      `Run apt-get install ${debianPackage}, or set ${variable} to the path of ${command}.`,
  );
}

export function makeProgramFolder({ command }: DebianProgram): string {
  return mkdtempSync(join(tmpdir(), `${command}-`));
}

export interface ProgramStart {
  program: DebianProgram;
  args: string[];
  /** A folder only for this program. It is removed after the stop. */
  folder: string;
  /** The port on 127.0.0.1 that accepts connections once the program is ready. */
  port: number;
  user: PostgresUser;
}

/** A program of Debian in a child process, which ends with this process, and in the foreground. */
export class ProgramProcess {
  private readonly child: ChildProcess;
  private readonly exited: Promise<string>;
  private ended: string | undefined;

  private constructor(private readonly start: ProgramStart) {
    const { program, args, user } = start;
    const log = openSync(this.logFile, 'a');
    this.child = spawnAs(user, findDebianProgram(program), args, ['ignore', log, log]);
    closeSync(log);
    this.exited = endOf(this.child, () => this.child.kill('SIGTERM')).then((end) => (this.ended = end));
  }

  static async start(start: ProgramStart): Promise<ProgramProcess> {
    const program = new ProgramProcess(start);
    try {
      await program.ready();
    } catch (error) {
      await program.stop();
      throw error;
    }
    return program;
  }

  /** 0 when the process did not start. */
  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Everything that the program has written to its output. */
  log(): string {
    return readFileSync(this.logFile, 'utf8');
  }

  async stop(): Promise<void> {
    this.child.kill('SIGTERM');
    if (!(await settlesWithin(this.exited, STOP_TIMEOUT_MS))) {
      this.child.kill('SIGKILL');
      await this.exited;
    }
    rmSync(this.start.folder, { recursive: true, force: true });
  }

  private get logFile(): string {
    return join(this.start.folder, 'output.log');
  }

  private async ready(): Promise<void> {
    const { port } = this.start;
    const isReady = await becomesTrue(
      async () => this.ended !== undefined || (await acceptsConnections(port)),
      READY_TIMEOUT_MS,
    );
    if (isReady && this.ended === undefined) return;
    const problem = this.ended ? `ended (${this.ended})` : `did not listen on port ${port} in time`;
    const tail = this.log().trimEnd().split('\n').slice(-LOG_TAIL_LINES);
    throw new Error(
      [`${this.start.program.command} ${problem}. Its output ends with:`, ...tail].join('\n  '),
    );
  }
}

function acceptsConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const settle = (accepts: boolean): void => {
      socket.destroy();
      resolve(accepts);
    };
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
  });
}
