import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { findFreePort } from '../../local/ports';
import { becomesTrue } from '../../local/waiting';

const repository = join(__dirname, '..', '..');

export interface LauncherPorts {
  PORT: number;
  SANDBOX_PORT: number;
  SAMPLE_APP_PORT: number;
  POSTGRES_PORT: number;
}

export async function freeLauncherPorts(): Promise<LauncherPorts> {
  const [PORT, SANDBOX_PORT, SAMPLE_APP_PORT, POSTGRES_PORT] = await Promise.all([
    findFreePort(),
    findFreePort(),
    findFreePort(),
    findFreePort(),
  ]);
  return { PORT, SANDBOX_PORT, SAMPLE_APP_PORT, POSTGRES_PORT };
}

/** One run of the launcher, started as a developer starts it. */
export class LauncherRun {
  output = '';
  exitCode: number | null = null;
  readonly exited: Promise<unknown>;
  private readonly child: ChildProcess;

  constructor(env: Record<string, string>, [command, ...args]: string[]) {
    // Set but empty, so that a developer's `.env` does not reach the test.
    const noCredentials = {
      DATABASE_URL: '',
      TERRA_DEV_ID: '',
      TERRA_API_KEY: '',
      TERRA_SIGNING_SECRETS: '',
    };
    const noSettings = {
      BOOTSTRAP_API_KEY: '',
      RETURN_URLS: '',
      PUBLIC_URL: '',
      LOG_LEVEL: 'warn',
      WORKERS_ENABLED: '',
      MANAGEMENT_PORT: '',
    };
    this.child = spawn(command!, args, {
      cwd: repository,
      env: {
        ...process.env,
        NODE_ENV: undefined,
        npm_lifecycle_event: undefined,
        ...noCredentials,
        ...noSettings,
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    }
    this.exited = once(this.child, 'exit').then(([code]) => (this.exitCode = code as number | null));
  }

  get isReady(): boolean {
    return this.output.includes('Ctrl-C stops everything.');
  }

  /** The programs that the launcher has started and that still run. Linux only. */
  programs(): { pid: number; command: string }[] {
    const pid = this.child.pid!;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
    return children.map((child) => ({
      pid: Number(child),
      command: readFileSync(`/proc/${child}/cmdline`, 'utf8'),
    }));
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  async ready(): Promise<void> {
    const done = () => this.isReady || this.child.exitCode !== null;
    if ((await becomesTrue(done, 120_000)) && this.isReady) return;
    throw new Error(`The launcher did not become ready:\n${this.output}`);
  }
}
