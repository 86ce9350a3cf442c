import { TaskProcess } from '../task-process';
import type { TakerTask, TakerTasks } from './tasks';

const DEADLINE_MS = 60_000;

/**
 * Runs the takers of events in a process of their own, so that neither the service nor the sender waits for them: webhook
 * receivers, a reader of the log, and a consumer of NATS.
 */
export class TakerProcess {
  private readonly process = new TaskProcess<TakerTask>('The takers', 'takers/tasks.js');

  /** @throws Error when the task fails */
  run<Kind extends keyof TakerTasks>(
    task: Extract<TakerTask, { kind: Kind }>,
    deadlineMs = DEADLINE_MS,
  ): ReturnType<TakerTasks[Kind]> {
    return this.process.run(task, deadlineMs) as ReturnType<TakerTasks[Kind]>;
  }

  stop(): Promise<void> {
    return this.process.stop();
  }
}
