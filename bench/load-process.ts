import type { LoadResult, LoadTask, Task } from './load';
import type { PaceResult, PaceTask } from './pace';
import type { SteadyResult, SteadyTask } from './steady';
import { TaskProcess } from './task-process';

// The longest time that a task may take beyond its own duration: the last answers, and links that become visible.
const GRACE_MS = 60_000;

/** Runs the load generator in a child process. */
export class LoadProcess {
  private readonly process = new TaskProcess<Task>('The load generator', 'load.js');

  /** @throws Error when an answer was not the expected one, or when the task does not end in time */
  run(task: LoadTask): Promise<LoadResult>;
  run(task: SteadyTask): Promise<SteadyResult>;
  run(task: PaceTask): Promise<PaceResult>;
  run(task: Task): Promise<unknown> {
    return this.process.run(task, task.durationMs + GRACE_MS);
  }

  stop(): Promise<void> {
    return this.process.stop();
  }
}
