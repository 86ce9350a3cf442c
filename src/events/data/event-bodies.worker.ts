import { Injectable } from '@nestjs/common';
import { Clock } from '../../common';
import { WorkerHost } from '../../queue';
import { EventBodiesRepository } from './event-bodies.repository';

const IDLE_MS = 10_000;
// With a million bodies that wait for an endpoint, the worker is busy for a small share of the time.
const PAUSE_MS = 250;
const PAGE = 1_000;
const FIRST_ID = '00000000-0000-0000-0000-000000000000';

/**
 * Deletes bodies that have expired, and those that no taker needs and no delivery has released: for example, because their
 * endpoint was deleted. Looks at all bodies, a page at a time.
 */
@Injectable()
export class EventBodiesWorker {
  private lookedAtUntil = FIRST_ID;

  constructor(
    private readonly repository: EventBodiesRepository,
    private readonly clock: Clock,
    workers: WorkerHost,
  ) {
    workers.register({
      name: 'event-bodies',
      idleMs: IDLE_MS,
      run: async () => ((await this.runOnce()) ? PAUSE_MS : false),
    });
  }

  /** @returns whether there are more bodies after the page */
  async runOnce(limit = PAGE): Promise<boolean> {
    const { seen, lastId } = await this.repository.sweep(this.lookedAtUntil, limit, this.clock.now());
    const hasMore = seen === limit && lastId !== null;
    this.lookedAtUntil = hasMore ? lastId : FIRST_ID;
    return hasMore;
  }
}
