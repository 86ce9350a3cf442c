import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { LoadResult, LoadTask, Reply, Task } from './load';
import type { SteadyResult, SteadyTask } from './steady';

// The longest time that a task may take beyond its own duration: the last answers, and links that become visible.
const GRACE_MS = 60_000;

/** Runs the load generator in a child process. */
export class LoadProcess {
  private readonly child: ChildProcess;

  constructor() {
    this.child = fork(join(__dirname, 'load.js'), { detached: process.platform !== 'win32' });
  }

  /** @throws Error when an answer was not the expected one, or when the task does not end in time */
  run(task: LoadTask): Promise<LoadResult>;
  run(task: SteadyTask): Promise<SteadyResult>;
  async run(task: Task): Promise<LoadResult | SteadyResult> {
    const reply = await this.send(task);
    if ('error' in reply) throw new Error(`${task.kind}: ${reply.error}`);
    return reply.result;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || !this.child.connected) return;
    const ended = once(this.child, 'exit');
    this.child.disconnect();
    await ended;
  }

  private send(task: Task): Promise<Reply> {
    const { child } = this;
    return new Promise((resolve, reject) => {
      const fail = (message: string): void => {
        settle();
        reject(new Error(message));
      };
      const onExit = () => fail('The load generator stopped unexpectedly.');
      const deadline = setTimeout(() => {
        child.kill('SIGKILL');
        fail('The load generator did not end in time.');
      }, task.durationMs + GRACE_MS);
      const settle = (): void => {
        clearTimeout(deadline);
        child.removeListener('exit', onExit);
      };
      child.once('exit', onExit);
      child.once('message', (reply: Reply) => {
        settle();
        resolve(reply);
      });
      child.send(task);
    });
  }
}
