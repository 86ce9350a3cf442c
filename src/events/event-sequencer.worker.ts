import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { Clock } from '../common';
import { afterCommit, inTransaction } from '../database';
import { WorkerHost } from '../queue';
import { DeliveryQueueRepository } from './deliveries/delivery-queue.repository';
import { EventLogRepository } from './event-log.repository';
import { DELIVERIES, SEQUENCER } from './worker-names';

const IDLE_MS = 200;
// With a hundred webhook endpoints, a batch makes up to a hundred times as many deliveries, in one statement.
const BATCH = 500;

/**
 * Gives events their positions, in the order in which they became visible. Positions cannot come from the transactions that
 * append: an event of a slow transaction would become visible behind a reader that has passed its position already. One
 * sequencer works at a time, in any process, and its own commit makes all positions of a batch visible at once.
 */
@Injectable()
export class EventSequencer {
  private readonly readers: (() => void)[] = [];

  constructor(
    private readonly repository: EventLogRepository,
    private readonly deliveries: DeliveryQueueRepository,
    private readonly clock: Clock,
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly workers: WorkerHost,
  ) {
    workers.register({ name: SEQUENCER, idleMs: IDLE_MS, run: () => this.runOnce() });
  }

  /** Registers what wakes a reader of the log in this process. It is called after the commit that gives positions. */
  onSequenced(wake: () => void): void {
    this.readers.push(wake);
  }

  /** @returns whether more events may wait for a position */
  async runOnce(limit = BATCH): Promise<boolean> {
    // Without the lock, which another process may hold.
    if (!(await this.repository.hasUnsequenced())) return false;
    return inTransaction(this.dataSource, async (manager) => {
      const last = await this.repository.lockLog(manager);
      const events = await this.repository.unsequenced(manager, limit);
      if (events.length === 0) return false;
      const ids = events.map(({ id }) => id);
      await this.repository.storePositions(
        manager,
        ids,
        events.map((_, index) => last + index + 1),
      );
      if (await this.deliveries.fanOut(manager, events, this.clock.now()))
        afterCommit(manager, () => this.workers.notify(DELIVERIES));
      afterCommit(manager, () => this.readers.forEach((wake) => wake()));
      return events.length === limit;
    });
  }
}
