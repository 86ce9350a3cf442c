import { Injectable } from '@nestjs/common';
import { Clock } from '../../common';
import { inBatches } from '../../database';
import { WorkerHost } from '../../queue';
import { EndpointsRepository } from '../endpoints/endpoints.repository';
import { DeliveriesRepository } from './deliveries.repository';

const IDLE_MS = 60_000;
const BATCH = 1_000;
// Longer than a transaction may take: one that began before the deletion can add deliveries until it ends.
const WAIT_MS = 120_000;
const NEVER_ABORTED = new AbortController().signal;

/** Deletes what remains of deleted endpoints, in batches: their lanes, their deliveries, then their rows. */
@Injectable()
export class DeletedEndpointsWorker {
  constructor(
    private readonly endpoints: EndpointsRepository,
    private readonly deliveries: DeliveriesRepository,
    private readonly clock: Clock,
    workers: WorkerHost,
  ) {
    workers.register({ name: 'deleted-endpoints', idleMs: IDLE_MS, run: (signal) => this.runOnce(signal) });
  }

  /** @returns false, so that the loop waits before the next run */
  async runOnce(signal: AbortSignal = NEVER_ABORTED): Promise<boolean> {
    const before = new Date(this.clock.now().getTime() - WAIT_MS);
    for (const id of await this.endpoints.deletedBefore(before)) {
      await inBatches(BATCH, signal, (limit) => this.deliveries.deleteLanes(id, limit));
      await inBatches(BATCH, signal, (limit) => this.deliveries.deleteDeliveries(id, limit));
      if (!signal.aborted) await this.endpoints.remove(id);
    }
    return false;
  }
}
