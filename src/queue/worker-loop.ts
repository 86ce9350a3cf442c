import { Logger } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { runWithLogContext } from '../common';

/** A background loop of a module. */
export interface Worker {
  /** Names the loop in logs and in `WorkerHost.notify`. */
  name: string;
  /** How long to wait after a run that found no work, in milliseconds. */
  idleMs: number;
  /** Does one piece of work; `true` means that more may be waiting. Once `signal` is aborted it ends as soon as it can. */
  run: (signal: AbortSignal) => Promise<boolean>;
}

// After a failure of the loop itself (Postgres is down, say) the next run waits longer, up to this.
const MAX_FAILURE_WAIT_MS = 30_000;

/**
 * Runs a worker again and again: at once after {@link notify}, otherwise every `idleMs`. Each run is a job with an id of
 * its own in the log. A run that fails is logged and repeated after growing pauses.
 */
export class WorkerLoop {
  private readonly logger: Logger;
  private running: Promise<void> | null = null;
  private aborter = new AbortController();
  private notified = false;
  private wake: () => void = () => undefined;

  constructor(private readonly worker: Worker) {
    this.logger = new Logger(worker.name);
  }

  start(): void {
    if (this.running) return;
    this.aborter = new AbortController();
    this.running = this.loop(this.aborter.signal);
  }

  /** Says that work is waiting. Cheap, and without effect while the loop is stopped. */
  notify(): void {
    this.notified = true;
    this.wake();
  }

  /** Aborts the signal, and waits for the run in flight. */
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
      const pause = await runWithLogContext({ worker: this.worker.name, jobId: uuidv7() }, async () => {
        try {
          const more = await this.worker.run(signal);
          failures = 0;
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
      if (pause) await this.sleep(signal, pause.ms, pause.ignoresNotify);
    }
  }

  // A notification that came during the run must not be slept through. After a failure it must: a loop that every new
  // row wakes while Postgres is down would spin.
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
