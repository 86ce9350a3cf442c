import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { runWithLogContext, runWithProgress } from '../common';

/** A background loop of a module. */
export interface Worker {
  /** Names the loop in logs and in `WorkerHost.notify`. */
  name: string;
  /** How long to wait after a run that found no work, in milliseconds. */
  idleMs: number;
  /** The least time from the start of a run that left no work to the next run, so that work gathers; default: none. */
  spacingMs?: number;
  /**
   * Does one piece of work, and ends soon after `signal` is aborted.
   *
   * @returns whether more work may be waiting, or in how many milliseconds to look again, whatever is notified meanwhile
   */
  run: (signal: AbortSignal) => Promise<boolean | number>;
}

// The longest pause after failed runs, for example while Postgres is down.
const MAX_FAILURE_WAIT_MS = 10_000;

/**
 * Runs a worker repeatedly: at once while work is waiting or after {@link notify}, otherwise after `idleMs`. Each run
 * is a job with its own id in the log. The loop logs a failed run, and pauses longer after each further failure.
 */
export class WorkerLoop {
  private readonly logger: Logger;
  private running: Promise<void> | null = null;
  private aborter = new AbortController();
  private notified = false;
  /** When the current run last made progress, in milliseconds of the monotonic clock; null between two runs. */
  private progressAt: number | null = null;
  private wake: () => void = () => undefined;

  constructor(private readonly worker: Worker) {
    this.logger = new Logger(worker.name);
  }

  start(): void {
    if (this.running) return;
    this.aborter = new AbortController();
    this.running = this.loop(this.aborter.signal);
  }

  /**
   * Ends the pause before the next run. It has no effect after a failed run, after one that set the time of the next one, or
   * while the loop is stopped.
   */
  notify(): void {
    this.notified = true;
    this.wake();
  }

  /** How long the current run has made no progress, in milliseconds; 0 between two runs. */
  get stalledMs(): number {
    return this.progressAt === null ? 0 : performance.now() - this.progressAt;
  }

  /** Aborts the signal, and waits until the current run ends. */
  async stop(): Promise<void> {
    this.aborter.abort();
    this.wake();
    await this.running;
    this.running = null;
  }

  private async loop(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      this.notified = false;
      const startedAt = performance.now();
      const pause = await runWithLogContext({ worker: this.worker.name, jobId: uuidv7() }, async () => {
        try {
          const more = await this.runOnce(signal);
          failures = 0;
          if (typeof more === 'number') return { ms: more, ignoresNotify: true };
          return more ? null : { ms: this.worker.idleMs, ignoresNotify: false };
        } catch (error) {
          failures += 1;
          this.logger.error({ event: 'worker.failed', failures, err: error });
          return {
            ms: Math.min(this.worker.idleMs * 2 ** failures, MAX_FAILURE_WAIT_MS),
            ignoresNotify: true,
          };
        }
      });
      if (!pause) continue;
      await this.sleep(signal, pause.ms, pause.ignoresNotify);
      await this.space(signal, startedAt);
    }
  }

  private async space(signal: AbortSignal, startedAt: number): Promise<void> {
    const remainingMs = startedAt + (this.worker.spacingMs ?? 0) - performance.now();
    if (remainingMs > 0) await sleep(remainingMs, undefined, { signal }).catch(() => undefined);
  }

  private async runOnce(signal: AbortSignal): Promise<boolean | number> {
    const progress = (): void => {
      this.progressAt = performance.now();
    };
    progress();
    try {
      return await runWithProgress(progress, () => this.worker.run(signal));
    } finally {
      this.progressAt = null;
    }
  }

  // A notification during the run skips the pause. After a failed run it must not: while Postgres is down, each new row
  // would start another run that fails.
  private async sleep(signal: AbortSignal, ms: number, ignoresNotify: boolean): Promise<void> {
    if (signal.aborted || (this.notified && !ignoresNotify)) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        if (ignoresNotify && !signal.aborted) return;
        clearTimeout(timer);
        resolve();
      };
    });
    this.wake = () => undefined;
  }
}
