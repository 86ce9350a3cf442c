import {
  Injectable,
  Module,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { WorkerOptions } from '../config';
import { WorkerLoop, type Worker } from './worker-loop';

/**
 * Starts and stops the workers of all modules. A worker registers itself in its constructor. The loops start with the
 * application if `WORKERS_ENABLED` is true, and the shutdown waits until their current runs end.
 */
@Injectable()
export class WorkerHost implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly loops = new Map<string, WorkerLoop>();

  constructor(private readonly options: WorkerOptions) {}

  /** @throws Error when another worker has the name */
  register(worker: Worker): void {
    if (this.loops.has(worker.name)) throw new Error(`There are two workers with the name ${worker.name}.`);
    this.loops.set(worker.name, new WorkerLoop(worker));
  }

  /**
   * Wakes a worker, because new work is waiting. Call it after the commit: before the commit, the worker cannot see the
   * rows. Workers of other processes find the work at their next run.
   *
   * @throws Error when no worker has the name
   */
  notify(name: string): void {
    const loop = this.loops.get(name);
    if (!loop) throw new Error(`No worker has the name ${name}.`);
    loop.notify();
  }

  /**
   * The workers whose current run has made no progress for the time in WORKER_STALL_SECONDS. A run makes progress with
   * each transaction and each statement. A run that fails is no stall: the loop goes on with the next one.
   */
  stalled(): string[] {
    const stalled = [...this.loops].filter(([, loop]) => loop.stalledMs > this.options.stallSeconds * 1_000);
    return stalled.map(([name]) => name);
  }

  onApplicationBootstrap(): void {
    if (!this.options.enabled) return;
    for (const loop of this.loops.values()) loop.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all([...this.loops.values()].map((loop) => loop.stop()));
  }
}

@Module({ providers: [WorkerHost], exports: [WorkerHost] })
export class QueueModule {}
