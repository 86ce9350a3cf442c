import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { BUILT } from './built';
import { settlesWithin } from './waiting';

const STOP_TIMEOUT_MS = 15_000;

export type Environment = Record<string, string | undefined>;

/** A Node program of ours: ends with this process, and not by the terminal's Ctrl-C. */
export class NodeProgram {
  readonly exited: Promise<string>;
  private ended = false;
  private readonly child: ChildProcess;
  private readonly onExit = () => this.child.kill('SIGKILL');

  constructor(
    protected readonly name: string,
    script: string,
    args: string[],
    env: Environment,
    /** A file to write to, by its descriptor; this process' own output when left out. */
    output?: number,
  ) {
    const preload = join(BUILT, 'local', 'die-with-parent.js');
    this.child = spawn(process.execPath, ['--require', preload, script, ...args], {
      env,
      stdio: ['ignore', output ?? 'inherit', output ?? 'inherit', 'ipc'],
      detached: process.platform !== 'win32',
      windowsHide: true,
    });
    process.once('exit', this.onExit);
    this.exited = new Promise((settle) => {
      const end = (reason: string) => {
        this.ended = true;
        process.removeListener('exit', this.onExit);
        settle(reason);
      };
      this.child.once('error', (error) => end(error.message));
      this.child.once('exit', (code, signal) => end(signal ?? `exit code ${code}`));
    });
  }

  get hasEnded(): boolean {
    return this.ended;
  }

  /** 0 when the process could not be started. */
  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Ends it as a crash would: in the middle of whatever it does. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exited;
  }

  async stop(): Promise<void> {
    if (this.ended) return;
    // Windows knows no SIGTERM; there a closed channel makes the program end itself.
    if (process.platform === 'win32') this.child.disconnect();
    else this.child.kill('SIGTERM');
    if (await settlesWithin(this.exited, STOP_TIMEOUT_MS)) return;
    console.error(`${this.name} did not stop within ${STOP_TIMEOUT_MS / 1000} s and is killed.`);
    this.child.kill('SIGKILL');
    await this.exited;
  }
}
