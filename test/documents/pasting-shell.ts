import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

const DEADLINE_MS = 90_000;
const DONE = 'the-commands-are-done';

/** A shell into which a reader of a document pastes one block of commands after the other. */
export class PastingShell {
  private readonly child: ChildProcess;
  private readonly ended: Promise<unknown>;
  private output = '';

  constructor(folder: string, environment: Record<string, string>) {
    this.child = spawn('bash', ['--noprofile', '--norc'], {
      cwd: folder,
      env: { PATH: process.env.PATH, HOME: folder, ...environment },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.ended = once(this.child, 'exit');
    for (const stream of [this.child.stdout!, this.child.stderr!])
      stream.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    // A command that fails ends the shell, also inside a pipe. curl fails on a 4xx or 5xx, and shows the answer.
    this.send('set -eo pipefail; curl() { command curl --fail-with-body --max-time 30 "$@"; }');
  }

  /**
   * Runs the commands to their end. They can read nothing.
   *
   * @returns what they print
   * @throws Error with their output when one of them fails, or takes too long
   */
  async paste(commands: string): Promise<string> {
    this.output = '';
    this.send(`{\n${commands}\n} </dev/null\nprintf '\\n${DONE}\\n'`);
    const deadline = new AbortController();
    const result = await Promise.race([
      this.done(),
      this.ended.then(() => 'A command failed'),
      sleep(DEADLINE_MS, 'The commands take too long', { signal: deadline.signal }),
    ]);
    deadline.abort();
    if (result) throw new Error(`${result}.\n${commands}\n\n${this.output}`);
    return this.output.replace(`\n${DONE}\n`, '');
  }

  async close(): Promise<void> {
    this.child.stdin!.end();
    await this.ended;
  }

  private send(commands: string): void {
    this.child.stdin!.write(`${commands}\n`);
  }

  private done(): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!this.output.includes(`\n${DONE}\n`)) return;
        this.child.stdout!.off('data', look);
        resolve();
      };
      this.child.stdout!.on('data', look);
    });
  }
}
