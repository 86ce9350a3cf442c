import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { inTransaction } from '../database';
import { EventLog } from '../events';
import { ConnectSessionMaintenanceRepository } from './connect-session-maintenance.repository';
import type { FailureReason } from './connect-session-status';
import type { ConnectSession } from './connect-session.entity';
import { eventsOf } from './session-events';

/** Ends sessions for reasons of our own, and appends their events. Outcomes from Terra end the others. */
@Injectable()
export class SessionEndingService {
  constructor(
    private readonly repository: ConnectSessionMaintenanceRepository,
    private readonly events: EventLog,
    @InjectDataSource() private readonly dataSource: DataSource,
  ) {}

  /** Closes sessions whose time is over. @returns them */
  closeOverdue(now: Date, limit: number): Promise<ConnectSession[]> {
    return this.ending((manager) => this.repository.closeOverdue(manager, now, limit));
  }

  /** Releases the key of a holder whose process died between its insert and Terra's answer. */
  async releaseAbandoned(id: string, createdBefore: Date, now: Date): Promise<void> {
    await this.ending((manager) =>
      this.repository.failCreation(manager, id, { createdBefore, failureReason: 'abandoned' }, now),
    );
  }

  /** Stores that the creation failed. The session stays, and its idempotency key can be used again. */
  async recordCreationFailure(id: string, failureReason: FailureReason, now: Date): Promise<void> {
    await this.ending((manager) =>
      this.repository.failCreation(manager, id, { createdBefore: null, failureReason }, now),
    );
  }

  private ending(end: (manager: EntityManager) => Promise<ConnectSession[]>): Promise<ConnectSession[]> {
    return inTransaction(this.dataSource, async (manager) => {
      const ended = await end(manager);
      await this.events.append(manager, eventsOf(ended));
      return ended;
    });
  }
}
