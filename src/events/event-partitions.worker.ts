import { Injectable } from '@nestjs/common';
import { Clock } from '../common';
import { WorkerHost } from '../queue';
import { EventLogRepository } from './event-log.repository';

const IDLE_MS = 3_600_000;
const DAY_MS = 86_400_000;
const DAYS_AHEAD = 7;

/**
 * Creates the daily partitions of events a week ahead. Without a partition, an event goes to the default partition: none is
 * lost, but its day cannot be dropped until the event has moved.
 */
@Injectable()
export class EventPartitionsWorker {
  constructor(
    private readonly repository: EventLogRepository,
    private readonly clock: Clock,
    workers: WorkerHost,
  ) {
    workers.register({ name: 'event-partitions', idleMs: IDLE_MS, run: () => this.runOnce() });
  }

  /** @returns false, so that the loop waits before the next run */
  async runOnce(): Promise<boolean> {
    await this.repository.createPartitions(new Date(this.clock.now().getTime() + DAYS_AHEAD * DAY_MS));
    return false;
  }
}
