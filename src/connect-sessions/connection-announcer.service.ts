import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { ProvisionalConnectionsService } from '../connections';
import { inTransaction } from '../database';
import { WorkerHost } from '../queue';
import { SessionOutcomeService } from './session-outcome.service';

const IDLE_MS = 500;
// The worker settles a batch in parallel: each waits for Terra, up to five seconds.
const BATCH = 20;

/**
 * Settles provisional connections: makes each of them visible, or part of the connection that it continues, and completes
 * the sessions that led to it. A callback settles its own connection, and the worker those of webhooks.
 */
@Injectable()
export class ConnectionAnnouncer {
  constructor(
    private readonly provisional: ProvisionalConnectionsService,
    private readonly outcome: SessionOutcomeService,
    @InjectDataSource() private readonly dataSource: DataSource,
    workers: WorkerHost,
  ) {
    workers.register({ name: 'provisional-connections', idleMs: IDLE_MS, run: () => this.runOnce() });
  }

  /** @returns whether more connections may be due */
  async runOnce(): Promise<boolean> {
    const ids = await this.provisional.takeDue(BATCH);
    const results = await Promise.allSettled(ids.map((id) => this.settleTaken(id)));
    // A failed one is due again after its lease. The error makes the worker loop pause.
    for (const result of results) if (result.status === 'rejected') throw result.reason;
    return ids.length > 0;
  }

  /** Call it outside of any transaction. Takes up to five seconds. */
  async settle(connectionId: string): Promise<void> {
    await this.provisional.take(connectionId);
    await this.settleTaken(connectionId);
  }

  private async settleTaken(connectionId: string): Promise<void> {
    const replacement = await this.provisional.findReplacement(connectionId);
    await inTransaction(this.dataSource, async (manager) => {
      const announced = await this.provisional.announce(manager, connectionId, replacement);
      if (announced) await this.outcome.recordAnnounced(manager, announced);
    });
  }
}
