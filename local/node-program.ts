import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { get } from 'node:http';
import { join, resolve } from 'node:path';
import { endOf } from './processes';
import { settlesWithin } from './waiting';

const STOP_TIMEOUT_MS = 15_000;

// The tests load this file from local/, the built programs load it from dist/local/.
const parentFolder = resolve(__dirname, '..');

/** The folder of the built programs. */
export const DIST_FOLDER = existsSync(join(parentFolder, 'package.json'))
  ? join(parentFolder, 'dist')
  : parentFolder;

export type Environment = Record<string, string | undefined>;

/** A child process that runs a Node program. It ends with this process, and Ctrl-C in the terminal does not reach it. */
export class NodeProgram {
  /** Resolves when the process has ended, with its exit code or signal. */
  readonly exited: Promise<string>;
  private ended = false;
  private readonly child: ChildProcess;

  constructor(
    protected readonly name: string,
    script: string,
    args: string[],
    env: Environment,
    /** The descriptor of a file for the output. Default: the output of this process. */
    output?: number,
  ) {
    const preload = join(DIST_FOLDER, 'local', 'die-with-parent.js');
    this.child = spawn(process.execPath, ['--require', preload, script, ...args], {
      env,
      stdio: ['ignore', output ?? 'inherit', output ?? 'inherit', 'ipc'],
      detached: process.platform !== 'win32',
      windowsHide: true,
    });
    this.exited = endOf(this.child, () => this.child.kill('SIGKILL')).finally(() => (this.ended = true));
  }

  get hasEnded(): boolean {
    return this.ended;
  }

  /** 0 when the process did not start. */
  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Ends the process without a chance to clean up, like a crash. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exited;
  }

  /** Asks the process to end, and kills it after 15 s. */
  async stop(): Promise<void> {
    if (this.ended) return;
    // Windows has no SIGTERM. The program ends itself when the channel closes.
    if (process.platform === 'win32') this.child.disconnect();
    else this.child.kill('SIGTERM');
    if (await settlesWithin(this.exited, STOP_TIMEOUT_MS)) return;
    console.error(`${this.name} did not stop within ${STOP_TIMEOUT_MS / 1000} s. Killing it.`);
    this.child.kill('SIGKILL');
    await this.exited;
  }
}

/** The HTTP status of a GET, or undefined without an answer. */
export function statusOf(url: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const request = get(url, { agent: false, timeout: 5_000 }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    request.once('timeout', () => request.destroy());
    request.once('error', () => resolve(undefined));
  });
}
