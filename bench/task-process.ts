import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export type Reply = { result: unknown } | { error: string };

/** Runs tasks in a child process, one after the other. */
export class TaskProcess<Task extends { kind: string }> {
  private readonly child: ChildProcess;

  /** @param script the file of the child, below the folder of the bench; it calls {@link serveTasks} */
  constructor(
    private readonly name: string,
    script: string,
  ) {
    this.child = fork(join(__dirname, script), { detached: process.platform !== 'win32' });
  }

  /** 0 when the process did not start. */
  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** @throws Error when the task fails, or does not end within `deadlineMs` */
  async run(task: Task, deadlineMs: number): Promise<unknown> {
    const reply = await this.send(task, deadlineMs);
    if ('error' in reply) throw new Error(`${task.kind}: ${reply.error}`);
    return reply.result;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || !this.child.connected) return;
    const ended = once(this.child, 'exit');
    this.child.disconnect();
    await ended;
  }

  private send(task: Task, deadlineMs: number): Promise<Reply> {
    const { child } = this;
    return new Promise((resolve, reject) => {
      const fail = (message: string): void => {
        settle();
        reject(new Error(message));
      };
      const onExit = () => fail(`${this.name} stopped unexpectedly.`);
      const deadline = setTimeout(() => {
        child.kill('SIGKILL');
        fail(`${this.name} did not end its task in time: ${task.kind}.`);
      }, deadlineMs);
      const onReply = (reply: Reply): void => {
        settle();
        resolve(reply);
      };
      const settle = (): void => {
        clearTimeout(deadline);
        child.removeListener('exit', onExit);
        child.removeListener('message', onReply);
      };
      child.once('exit', onExit);
      child.once('message', onReply);
      child.send(task);
    });
  }
}

/** The other side: answers each task of the parent with its result. */
export function serveTasks<Task>(run: (task: Task) => Promise<unknown>): void {
  const reply = (message: Reply): void => {
    process.send?.(message);
  };
  process.on('message', (task: Task) => {
    run(task).then(
      (result) => reply({ result }),
      (error: unknown) => reply({ error: error instanceof Error ? error.message : String(error) }),
    );
  });
  process.once('disconnect', () => process.exit());
}

/** The time in milliseconds since 1970, comparable between the processes of one machine, with fractions. */
export function epochMs(): number {
  return performance.timeOrigin + performance.now();
}
