import { Injectable } from '@nestjs/common';
import { NotReadyError } from './health.errors';

/**
 * Whether the process is about to stop. A process that drains serves requests as before, but it is not ready: load
 * balancers must send new requests to other processes.
 */
@Injectable()
export class Drain {
  private readonly controller = new AbortController();

  /** Aborted when the drain begins. */
  readonly signal: AbortSignal = this.controller.signal;

  begin(): void {
    this.controller.abort();
  }

  /** @throws NotReadyError when the process drains */
  assertNotBegun(): void {
    if (!this.signal.aborted) return;
    throw new NotReadyError({
      process: {
        status: 'down',
        reason: 'shutting_down',
        advice: 'The process is shutting down: send requests to another process.',
      },
    });
  }
}
