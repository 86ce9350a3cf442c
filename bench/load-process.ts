import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { LoadReply, LoadResult, LoadTask } from './load';

/** Runs the load generator in a child process. */
export class LoadProcess {
  private readonly child: ChildProcess;

  constructor() {
    this.child = fork(join(__dirname, 'load.js'), { detached: process.platform !== 'win32' });
  }

  /** @throws Error when an answer was not the expected one */
  async run(task: LoadTask): Promise<LoadResult> {
    const reply = await this.send(task);
    if ('error' in reply) throw new Error(`${task.workload} at ${task.origin}: ${reply.error}`);
    return reply.result;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || !this.child.connected) return;
    const ended = once(this.child, 'exit');
    this.child.disconnect();
    await ended;
  }

  private send(task: LoadTask): Promise<LoadReply> {
    const { child } = this;
    return new Promise((resolve, reject) => {
      const onExit = () => reject(new Error('The load generator stopped unexpectedly.'));
      child.once('exit', onExit);
      child.once('message', (reply: LoadReply) => {
        child.removeListener('exit', onExit);
        resolve(reply);
      });
      child.send(task);
    });
  }
}
