import { Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { DataSubjectsService, type Deauthentication } from '../connections';
import { afterCommit, inTransaction } from '../database';
import { Metrics } from '../observability';
import { TerraClient } from '../terra';
import type { Erasure, ErasureConfirmation } from './erasure.entity';
import { ErasureRepository } from './erasure.repository';
import { PersonalDataRegistry } from './personal-data.registry';

const ASK_DEADLINE_MS = 10_000;

/** Completes an erasure when Terra has confirmed the end of every Terra user. Erases all rows in one transaction. */
@Injectable()
export class ErasureCompletionService {
  private readonly logger = new Logger(ErasureCompletionService.name);

  constructor(
    private readonly repository: ErasureRepository,
    private readonly subjects: DataSubjectsService,
    private readonly registry: PersonalDataRegistry,
    private readonly terra: TerraClient,
    private readonly metrics: Metrics,
    @InjectDataSource() private readonly dataSource: DataSource,
  ) {}

  /**
   * Call it outside of any transaction.
   *
   * @returns what the erasure still waits for, as a word for the log; null when the erasure is completed
   */
  async complete({ id, referenceId }: Erasure, now: Date): Promise<string | null> {
    if (referenceId === null) return null;
    const early = await inTransaction(this.dataSource, (manager) => this.obstacle(manager, id, referenceId));
    if (early) return early;
    if (!this.terra.isAvailable()) return 'terra_unavailable';
    // T-24: the service has ended only the Terra users that it knows. Terra's list may name others.
    const listed = (await this.terra.listUsersOf(referenceId, ASK_DEADLINE_MS)) ?? [];
    // An inactive one may only be paused.
    const terraUserIds = listed.map((user) => user.terraUserId);
    return inTransaction(this.dataSource, (manager) =>
      this.erase(manager, id, { referenceId, terraUserIds }, now),
    );
  }

  private async obstacle(manager: EntityManager, id: string, referenceId: string): Promise<string | null> {
    const erasure = await this.repository.lockPending(manager, id);
    return erasure && this.registry.erasureObstacle(manager, { ...erasure, referenceId });
  }

  private async erase(
    manager: EntityManager,
    id: string,
    listed: { referenceId: string; terraUserIds: string[] },
    completedAt: Date,
  ): Promise<string | null> {
    const { referenceId } = listed;
    await this.subjects.lock(manager, referenceId);
    const erasure = await this.repository.lockPending(manager, id);
    if (!erasure) return null;
    const { actor, requestedAt } = erasure;
    const since = new Date(requestedAt.getTime() - 1);
    if ((await this.subjects.deauthenticateListed(manager, listed, { actor, since })) > 0)
      return 'terra_lists_more';
    // Until the erasure completes, a new connection under this reference belongs to the end user to erase.
    if ((await this.subjects.disconnectAll(manager, referenceId, actor)) > 0) return 'connected_meanwhile';
    const obstacle = await this.registry.erasureObstacle(manager, { ...erasure, referenceId });
    if (obstacle) return obstacle;

    const subject = await this.subjects.find(manager, referenceId);
    const deauthentications = await this.subjects.deauthenticationsOf(manager, subject);
    const counts = await this.registry.erase(manager, subject);
    const confirmations = deauthentications.map(confirmationOf);
    await this.repository.complete(manager, id, { completedAt, counts, confirmations });
    afterCommit(manager, () => {
      this.metrics.erasures.inc({ status: 'completed' });
      this.logger.log({ event: 'erasure.completed', erasureId: id, ...counts });
    });
    return null;
  }
}

function confirmationOf(request: Deauthentication): ErasureConfirmation {
  return {
    requestedAt: request.requestedAt.toISOString(),
    confirmedAt: request.confirmedAt?.toISOString() ?? null,
    outcome: request.lastOutcome,
    attempts: request.attempts,
  };
}
