import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { settlesWithin } from '../local/waiting';

const READY_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 15_000;
const POLL_MS = 5;
const LOG_LINES_SHOWN = 15;
const BUILT = join(__dirname, '..');

export type Environment = Record<string, string | undefined>;

/** A built Node program in a process of its own, with its output in a file and nothing of this shell's settings. */
export class Program {
  readonly exited: Promise<string>;
  private ended = false;
  private readonly child: ChildProcess;
  private readonly onExit = () => this.child.kill('SIGKILL');

  /** @param script below dist/ */
  constructor(
    readonly name: string,
    script: string,
    args: string[],
    env: Environment,
    private readonly logFile: string,
  ) {
    const log = openSync(logFile, 'a');
    const preload = join(BUILT, 'local', 'die-with-parent.js');
    this.child = spawn(process.execPath, ['--require', preload, join(BUILT, script), ...args], {
      env: { PATH: process.env.PATH, NODE_OPTIONS: process.env.NODE_OPTIONS, NODE_ENV: 'production', ...env },
      stdio: ['ignore', log, log, 'ipc'],
      detached: process.platform !== 'win32',
    });
    closeSync(log);
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

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Resolves at the first 200 of that address. */
  async answers(url: string): Promise<void> {
    const end = Date.now() + READY_TIMEOUT_MS;
    while ((await statusOf(url)) !== 200) {
      if (this.ended) throw new Error(`${this.name} has ended (${await this.exited}).\n${this.lastWords()}`);
      if (Date.now() > end) throw new Error(`${this.name} does not get ready.\n${this.lastWords()}`);
      await sleep(POLL_MS);
    }
  }

  async stop(): Promise<void> {
    if (this.ended) return;
    this.child.kill('SIGTERM');
    if (await settlesWithin(this.exited, STOP_TIMEOUT_MS)) return;
    this.child.kill('SIGKILL');
    await this.exited;
  }

  lastWords(): string {
    const lines = readFileSync(this.logFile, 'utf8').trimEnd().split('\n');
    return [`The log of ${this.name} ends with:`, ...lines.slice(-LOG_LINES_SHOWN)].join('\n  ');
  }
}

function statusOf(url: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const request = get(url, { agent: false, timeout: 5_000 }, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode));
    });
    request.once('timeout', () => request.destroy());
    request.once('error', () => resolve(undefined));
  });
}
