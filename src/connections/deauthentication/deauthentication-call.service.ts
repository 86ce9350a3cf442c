import { Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { Clock, DomainError } from '../../common';
import { inTransaction } from '../../database';
import { Metrics } from '../../observability';
import { retryDelayMs } from '../../queue';
import { TerraClient, TerraPausedError } from '../../terra';
import { ConnectionLifecycleService } from '../projection/connection-lifecycle.service';
import type { Deauthentication } from './deauthentication.entity';
import { DeauthenticationRepository } from './deauthentication.repository';

// The service retries without limit, because a caller requested the end. A retry waits at most one hour; a metric shows
// the age of the oldest request.
const DEAUTHENTICATION_RETRY = { baseMs: 2_000, maxMs: 3_600_000, attempts: Infinity };

/** Asks Terra to end one Terra user, and stores the answer. */
@Injectable()
export class DeauthenticationCallService {
  private readonly logger = new Logger(DeauthenticationCallService.name);

  constructor(
    private readonly repository: DeauthenticationRepository,
    private readonly lifecycle: ConnectionLifecycleService,
    private readonly terra: TerraClient,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
    @InjectDataSource() private readonly dataSource: DataSource,
  ) {}

  /** Whether `call` would call Terra now. */
  isTerraAvailable(): boolean {
    return this.terra.isAvailable();
  }

  /**
   * Calls Terra for one request. The caller must have its lease, and must not be in a transaction.
   *
   * @returns false when the service pauses its calls to Terra; then the request is as it was before its lease
   */
  async call(due: Deauthentication): Promise<boolean> {
    try {
      await this.confirm(due, await this.end(due));
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      if (error instanceof TerraPausedError) {
        await this.repository.giveBack(due, this.inMs((error.retryAfterSeconds ?? 1) * 1_000));
        return false;
      }
      this.metrics.deauthentications.inc({ outcome: 'failed' });
      this.logger.warn({
        event: 'deauthentication.failed',
        deauthenticationId: due.id,
        connectionId: due.connectionId,
        attempt: due.attempts,
        error: error.code,
      });
      const waitMs = retryDelayMs(DEAUTHENTICATION_RETRY, due.attempts);
      await this.repository.postpone(due, error.code, this.inMs(waitMs));
    }
    return true;
  }

  // A call that Terra answered with a 5xx, or not at all, may have worked, and Terra may answer the same to every further
  // call. So look before a repetition.
  private async end({ terraUserId, attempts }: Deauthentication): Promise<'ended' | 'not_found'> {
    if (attempts > 1 && (await this.terra.isGone(terraUserId))) return 'not_found';
    return (await this.terra.deauthenticate(terraUserId)) ? 'ended' : 'not_found';
  }

  private inMs(ms: number): Date {
    return new Date(this.clock.now().getTime() + ms);
  }

  private async confirm(due: Deauthentication, outcome: 'ended' | 'not_found'): Promise<void> {
    const now = this.clock.now();
    const { id, terraUserId, connectionId, actor, reason } = due;
    await inTransaction(this.dataSource, async (manager) => {
      const fact = { terraUserId, actor, reason, sourceId: id, occurredAt: now, source: 'api' } as const;
      const [recorded] = await this.lifecycle.record(manager, [
        { ...fact, kind: 'ended', cause: 'disconnected_by_us' },
      ]);
      await this.repository.confirm(manager, id, outcome, now);
      if (recorded?.erased) await this.repository.pseudonymize(manager, due);
    });
    this.metrics.deauthentications.inc({ outcome });
    this.logger.log({ event: 'deauthentication.confirmed', deauthenticationId: id, connectionId, outcome });
  }
}
