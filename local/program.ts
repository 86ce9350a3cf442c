import { closeSync, openSync, readFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BUILT } from './built';
import { NodeProgram, type Environment } from './node-program';

const READY_TIMEOUT_MS = 60_000;
const POLL_MS = 5;
const LOG_LINES_SHOWN = 15;

/** A built Node program in a process of its own, with its output in a file and nothing of this shell's settings. */
export class Program extends NodeProgram {
  /** @param script below dist/ */
  constructor(
    name: string,
    script: string,
    args: string[],
    env: Environment,
    private readonly logFile: string,
  ) {
    const log = openSync(logFile, 'a');
    const { PATH, NODE_OPTIONS } = process.env;
    super(name, join(BUILT, script), args, { PATH, NODE_OPTIONS, NODE_ENV: 'production', ...env }, log);
    closeSync(log);
  }

  /** Resolves at the first 200 of that address. */
  async answers(url: string): Promise<void> {
    const end = Date.now() + READY_TIMEOUT_MS;
    while ((await statusOf(url)) !== 200) {
      if (this.hasEnded)
        throw new Error(`${this.name} has ended (${await this.exited}).\n${this.lastWords()}`);
      if (Date.now() > end) throw new Error(`${this.name} does not get ready.\n${this.lastWords()}`);
      await sleep(POLL_MS);
    }
  }

  /** Resolves when it has ended, and ended well. */
  async succeeds(): Promise<void> {
    const end = await this.exited;
    if (end !== 'exit code 0') throw new Error(`${this.name} has failed (${end}).\n${this.lastWords()}`);
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
