import { Injectable } from '@nestjs/common';
import { Clock } from '../common';
import { DataOptions } from '../config';
import { WorkerHost } from '../queue';
import { notifyLanes } from './webhook-inbox.worker';
import { WebhookProcessingRepository } from './webhook-processing.repository';

const IDLE_MS = 60_000;
const BATCH = 1_000;
const HOUR_MS = 3_600_000;

/** Ends the wait of data whose time is over: the inbox processes it again, and keeps only its envelope. */
@Injectable()
export class WaitingDataWorker {
  constructor(
    private readonly repository: WebhookProcessingRepository,
    private readonly options: DataOptions,
    private readonly clock: Clock,
    private readonly workers: WorkerHost,
  ) {
    workers.register({ name: 'waiting-data', idleMs: IDLE_MS, run: () => this.runOnce() });
  }

  /** @returns whether more data may have waited for too long */
  async runOnce(): Promise<boolean> {
    const now = this.clock.now();
    const before = new Date(now.getTime() - this.options.retentionHours * HOUR_MS);
    const released = await this.repository.releaseWaitingData(before, BATCH, now);
    if (released > 0) notifyLanes(this.workers);
    return released === BATCH;
  }
}
