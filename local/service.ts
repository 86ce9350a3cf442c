import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LauncherError } from './launcher-error';
import { settlesWithin } from './waiting';

const MIGRATE_TIMEOUT_MS = 120_000;
const READY_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 15_000;

export type Environment = Record<string, string | undefined>;

/** A Node program of ours: ends with this process, and not by the terminal's Ctrl-C. */
export class NodeProgram {
  readonly exited: Promise<string>;
  private ended = false;
  private readonly child: ChildProcess;
  private readonly onExit = () => this.child.kill('SIGKILL');

  constructor(
    private readonly name: string,
    script: string,
    args: string[],
    env: Environment,
  ) {
    const preload = join(__dirname, 'die-with-parent.js');
    this.child = spawn(process.execPath, ['--require', preload, script, ...args], {
      env,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
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

export async function migrate(env: Environment, signal: AbortSignal): Promise<void> {
  const cli = join(__dirname, '..', 'src', 'cli.js');
  const program = new NodeProgram('The migration', cli, ['migrate'], env);
  const stopped = new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  const inTime = await settlesWithin(Promise.race([program.exited, stopped]), MIGRATE_TIMEOUT_MS);
  if (signal.aborted || !inTime) await program.stop();
  signal.throwIfAborted();
  const end = await program.exited;
  if (!inTime) throw new LauncherError(`The migration took longer than ${MIGRATE_TIMEOUT_MS / 1000} s.`);
  if (end !== 'exit code 0') throw new LauncherError(`The migration failed (${end}); see above.`);
}

export function startService(env: Environment): NodeProgram {
  return new NodeProgram('The service', join(__dirname, '..', 'src', 'main.js'), [], env);
}

export async function waitUntilReady(service: NodeProgram, url: string, signal: AbortSignal): Promise<void> {
  const end = Date.now() + READY_TIMEOUT_MS;
  for (;;) {
    signal.throwIfAborted();
    if (service.hasEnded)
      throw new LauncherError(`The service did not start (${await service.exited}); see above.`);
    try {
      const answer = await fetch(url, { signal: AbortSignal.timeout(5_000) });
      await answer.body?.cancel();
      if (answer.status === 200) return;
    } catch {
      // Not listening yet.
    }
    if (Date.now() > end) {
      throw new LauncherError(
        `The service was not ready within ${READY_TIMEOUT_MS / 1000} s; its log is above.`,
      );
    }
    await sleep(40);
  }
}
