import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { Clock } from '../common';
import { ConnectionsService, OwnedTerraUsers } from '../connections';
import { afterCommit } from '../database';
import { WorkerHost } from '../queue';
import { notifyLanes } from './webhook-inbox.worker';
import { WebhookProcessingRepository } from './webhook-processing.repository';

const IDLE_MS = 10_000;
const BATCH = 1_000;

/** Releases parked events when the owner of their Terra user is known. */
@Injectable()
export class ParkedEventsWorker {
  private lookedAtUntil = '';

  constructor(
    private readonly repository: WebhookProcessingRepository,
    private readonly connections: ConnectionsService,
    private readonly workers: WorkerHost,
    private readonly clock: Clock,
    @InjectDataSource() private readonly dataSource: DataSource,
    owned: OwnedTerraUsers,
  ) {
    owned.listen((manager, terraUserIds) => this.release(manager, terraUserIds));
    workers.register({ name: 'parked-webhooks', idleMs: IDLE_MS, run: () => this.runOnce() });
  }

  /** Makes the parked events of these Terra users due in the transaction that records their owner. */
  private async release(manager: EntityManager, terraUserIds: string[]): Promise<void> {
    const released = await this.repository.releaseParked(manager, terraUserIds, this.clock.now());
    if (released > 0) afterCommit(manager, () => notifyLanes(this.workers));
  }

  /**
   * Makes parked events due whose Terra user has an owner, a page of Terra users at a time: a process of an earlier version
   * may have recorded the owner.
   *
   * @returns whether any parked event was released
   */
  async runOnce(): Promise<boolean> {
    // Some events may wait for ever, so each run continues where the last run stopped.
    const waiting = await this.repository.parkedTerraUsers(this.lookedAtUntil, BATCH);
    this.lookedAtUntil = waiting.length === BATCH ? (waiting.at(-1) ?? '') : '';
    const owned = await this.connections.ownedAmong(waiting);
    if (owned.length === 0) return false;
    await this.repository.releaseParked(this.dataSource, owned, this.clock.now());
    notifyLanes(this.workers);
    return true;
  }
}
