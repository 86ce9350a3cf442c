import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { LoadOrder, LoadReply, LoadResult } from './load';

/** The load generator as the bench sees it. */
export class LoadProcess {
  private readonly child: ChildProcess;

  constructor() {
    this.child = fork(join(__dirname, 'load.js'), { detached: process.platform !== 'win32' });
  }

  /** @throws Error when any answer was not the expected one */
  async run(order: LoadOrder): Promise<LoadResult> {
    const reply = await this.ask(order);
    if ('error' in reply) throw new Error(`${order.workload} at ${order.origin}: ${reply.error}`);
    return reply.result;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || !this.child.connected) return;
    const ended = once(this.child, 'exit');
    this.child.disconnect();
    await ended;
  }

  private ask(order: LoadOrder): Promise<LoadReply> {
    const { child } = this;
    return new Promise((resolve, reject) => {
      const onExit = () => reject(new Error('The load generator has ended by itself.'));
      child.once('exit', onExit);
      child.once('message', (reply: LoadReply) => {
        child.removeListener('exit', onExit);
        resolve(reply);
      });
      child.send(order);
    });
  }
}
