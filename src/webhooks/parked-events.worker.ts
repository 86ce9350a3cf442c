import { Injectable } from '@nestjs/common';
import { Clock } from '../common';
import { ConnectionsService } from '../connections';
import { WorkerHost } from '../queue';
import { WebhookInboxRepository } from './webhook-inbox.repository';
import { WEBHOOK_INBOX_WORKER } from './webhook-inbox.worker';

const IDLE_MS = 10_000;
const BATCH = 1_000;

/** Releases parked events when the owner of their Terra user is known. */
@Injectable()
export class ParkedEventsWorker {
  private lookedAtUntil = '';

  constructor(
    private readonly repository: WebhookInboxRepository,
    private readonly connections: ConnectionsService,
    private readonly workers: WorkerHost,
    private readonly clock: Clock,
  ) {
    workers.register({ name: 'parked-webhooks', idleMs: IDLE_MS, run: () => this.runOnce() });
  }

  /**
   * Makes parked events due if another webhook, a callback or a reconcile has named the owner of their Terra user.
   *
   * @returns whether any parked event was released
   */
  async runOnce(): Promise<boolean> {
    // Some events may wait for ever, so each run continues where the last run stopped.
    const waiting = await this.repository.parkedTerraUsers(this.lookedAtUntil, BATCH);
    this.lookedAtUntil = waiting.length === BATCH ? (waiting.at(-1) ?? '') : '';
    const owned = await this.connections.ownedAmong(waiting);
    if (owned.length === 0) return false;
    await this.repository.releaseParked(owned, this.clock.now());
    this.workers.notify(WEBHOOK_INBOX_WORKER);
    return true;
  }
}
