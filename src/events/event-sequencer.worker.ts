import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { inTransaction } from '../database';
import { WorkerHost } from '../queue';
import { EventLogRepository } from './event-log.repository';

export const SEQUENCER = 'event-sequencer';
const IDLE_MS = 200;
const BATCH = 1_000;

/**
 * Gives events their positions, in the order in which they became visible. Positions cannot come from the transactions that
 * append: an event of a slow transaction would become visible behind a reader that has passed its position already. One
 * sequencer works at a time, in any process, and its own commit makes all positions of a batch visible at once.
 */
@Injectable()
export class EventSequencer {
  constructor(
    private readonly repository: EventLogRepository,
    @InjectDataSource() private readonly dataSource: DataSource,
    workers: WorkerHost,
  ) {
    workers.register({ name: SEQUENCER, idleMs: IDLE_MS, run: () => this.runOnce() });
  }

  /** @returns whether more events may wait for a position */
  async runOnce(limit = BATCH): Promise<boolean> {
    // Without the lock, which another process may hold.
    if (!(await this.repository.hasUnsequenced())) return false;
    return inTransaction(this.dataSource, async (manager) => {
      const last = await this.repository.lockLog(manager);
      const events = await this.repository.unsequenced(manager, limit);
      if (events.length === 0) return false;
      await this.repository.storePositions(
        manager,
        events.map(({ id }) => id),
        events.map((_, index) => last + index + 1),
      );
      return events.length === limit;
    });
  }
}
