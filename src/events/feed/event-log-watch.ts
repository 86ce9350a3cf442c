import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { EventLogRepository } from '../event-log.repository';

const POLL_MS = 100;
/** More callers than this do not wait, so that open requests stay bounded. */
const MAX_WAITING = 500;

/**
 * Lets readers of the log wait for events. All readers of a process share one query every 100 ms, and only while one waits.
 * Another process may have sequenced the events, so a notification inside this process would not do.
 */
@Injectable()
export class EventLogWatch implements OnModuleDestroy {
  private readonly stop = new AbortController();
  private waiting = 0;
  private next: Promise<number> | null = null;

  constructor(private readonly repository: EventLogRepository) {}

  /** A process that stops must not wait for its longest request. */
  onModuleDestroy(): void {
    this.stop.abort();
  }

  /** @returns the newest position; the given one when none came within `ms`, and at once when too many wait */
  async waitBeyond(position: number, ms: number): Promise<number> {
    if (this.waiting >= MAX_WAITING) return position;
    this.waiting += 1;
    try {
      const deadline = performance.now() + ms;
      while (!this.stop.signal.aborted && performance.now() < deadline) {
        const newest = await this.poll();
        if (newest > position) return newest;
      }
      return position;
    } finally {
      this.waiting -= 1;
    }
  }

  private poll(): Promise<number> {
    this.next ??= this.readLastPosition().finally(() => (this.next = null));
    return this.next;
  }

  private async readLastPosition(): Promise<number> {
    await sleep(POLL_MS, undefined, { signal: this.stop.signal }).catch(() => undefined);
    return (await this.repository.bounds()).lastPosition;
  }
}
