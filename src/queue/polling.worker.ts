import { Logger } from '@nestjs/common';

export interface PollingWorkerOptions {
  name: string;
  /** How long to wait for news when there was nothing to do, in milliseconds. */
  idleMs: number;
  /** Does one piece of work. `true` says that more may be waiting. */
  runOnce: () => Promise<boolean>;
}

// After a failure of the loop itself (Postgres away, say) the next try waits longer, up to this.
const MAX_FAILURE_WAIT_MS = 30_000;

/**
 * A loop that looks for work: at once after {@link notify}, else every `idleMs`. A failing run is logged and repeated
 * with growing pauses; {@link stop} waits for the run in flight.
 */
export class PollingWorker {
  private readonly logger: Logger;
  private running: Promise<void> | null = null;
  private stopping = false;
  private notified = false;
  private wake: () => void = () => undefined;

  constructor(private readonly options: PollingWorkerOptions) {
    this.logger = new Logger(options.name);
  }

  start(): void {
    this.stopping = false;
    this.running ??= this.loop();
  }

  /** Says that there is work now. Cheap, and harmless when the loop is not running. */
  notify(): void {
    this.notified = true;
    this.wake();
  }

  async stop(): Promise<void> {
    this.stopping = true;
    this.wake();
    await this.running;
    this.running = null;
  }

  private async loop(): Promise<void> {
    let failures = 0;
    while (!this.stopping) {
      this.notified = false;
      try {
        const more = await this.options.runOnce();
        failures = 0;
        if (!more) await this.sleep(this.options.idleMs);
      } catch (error) {
        failures += 1;
        this.logger.error({ event: 'worker.failed', worker: this.options.name, failures, err: error });
        await this.sleep(Math.min(this.options.idleMs * 2 ** failures, MAX_FAILURE_WAIT_MS), { deaf: true });
      }
    }
  }

  // A notification that came during the run must not be slept through, except after a failure: a loop that is woken
  // by every new row while Postgres is away would spin.
  private async sleep(ms: number, { deaf = false } = {}): Promise<void> {
    if (this.stopping || (this.notified && !deaf)) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        if (deaf && !this.stopping) return;
        clearTimeout(timer);
        resolve();
      };
    });
    this.wake = () => undefined;
  }
}
