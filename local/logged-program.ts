import { closeSync, openSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DIST_FOLDER, NodeProgram, statusOf, type Environment } from './node-program';

const READY_TIMEOUT_MS = 60_000;
const POLL_MS = 5;
const LOG_TAIL_LINES = 15;

/** A built program in a process of its own. It writes to a log file and gets only the given environment. */
export class LoggedProgram extends NodeProgram {
  /** @param script path below dist/, or an absolute path */
  constructor(
    name: string,
    script: string,
    args: string[],
    env: Environment,
    private readonly logFile: string,
  ) {
    const log = openSync(logFile, 'a');
    const { PATH, NODE_OPTIONS } = process.env;
    const fullEnv = { PATH, NODE_OPTIONS, NODE_ENV: 'production', ...env };
    super(name, resolve(DIST_FOLDER, script), args, fullEnv, log);
    closeSync(log);
  }

  /** Resolves when a GET of the URL answers 200. */
  async waitUntilReady(url: string): Promise<void> {
    const end = Date.now() + READY_TIMEOUT_MS;
    while ((await statusOf(url)) !== 200) {
      if (this.hasEnded) throw new Error(`${this.name} ended (${await this.exited}).\n${this.logTail()}`);
      if (Date.now() > end) {
        throw new Error(`${this.name} was not ready within ${READY_TIMEOUT_MS / 1000} s.\n${this.logTail()}`);
      }
      await sleep(POLL_MS);
    }
  }

  /** Resolves when the program has ended with exit code 0, and rejects when it fails. */
  async waitForSuccess(): Promise<void> {
    const end = await this.exited;
    if (end !== 'exit code 0') throw new Error(`${this.name} failed (${end}).\n${this.logTail()}`);
  }

  private logTail(): string {
    const lines = readFileSync(this.logFile, 'utf8').trimEnd().split('\n');
    return [`The log of ${this.name} ends with:`, ...lines.slice(-LOG_TAIL_LINES)].join('\n  ');
  }
}
