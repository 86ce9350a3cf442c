import { Injectable } from '@nestjs/common';
import { DeliveryQueueRepository, type Settlement } from './delivery-queue.repository';

const MAX_GROUP = 200;

interface Waiting {
  settlement: Settlement;
  succeed: (held: boolean) => void;
  fail: (error: unknown) => void;
}

/**
 * Stores outcomes in groups: what arrives while a transaction is under way shares the next one. So deliveries take one
 * connection to Postgres, however many lanes are in flight. The number of lanes in flight bounds the queue.
 */
@Injectable()
export class DeliverySettler {
  private readonly waiting: Waiting[] = [];
  private isRunning = false;

  constructor(private readonly queue: DeliveryQueueRepository) {}

  /**
   * @returns whether the worker still had the lane; otherwise nothing was stored, and it must not go on with the lane
   * @throws when Postgres is not available; then the lease of the lane ends, and another worker repeats the delivery
   */
  settle(settlement: Settlement): Promise<boolean> {
    return new Promise((succeed, fail) => {
      this.waiting.push({ settlement, succeed, fail });
      if (!this.isRunning) this.run().catch(() => undefined);
    });
  }

  private async run(): Promise<void> {
    this.isRunning = true;
    while (this.waiting.length > 0) {
      const group = this.waiting.splice(0, MAX_GROUP);
      try {
        const held = await this.queue.settle(group.map(({ settlement }) => settlement));
        group.forEach(({ succeed }, index) => succeed(held[index] === true));
      } catch (error) {
        for (const { fail } of group) fail(error);
      }
    }
    this.isRunning = false;
  }
}
