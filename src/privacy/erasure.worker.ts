import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnModuleInit,
} from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { Clock, isConnectionLost } from '../common';
import { TERRA_CONNECT_OPTIONS, type TerraConnectOptions } from '../config';
import { SessionErasureService } from '../connect-sessions';
import { ConnectionErasureService, type Deauthentication } from '../connections';
import { afterCommit, inTransaction } from '../database';
import { Metrics } from '../observability';
import { PollingWorker } from '../queue';
import { SweepErasureService } from '../reconciliation';
import { TerraClient } from '../terra';
import { WebhookErasureService } from '../webhooks';
import type { Erasure, ErasureConfirmation } from './erasure.entity';
import { ErasureRepository } from './erasure.repository';

const IDLE_MS = 5_000;
const BATCH = 20;
const ASK_DEADLINE_MS = 10_000;

/** Why an erasure cannot be completed yet. */
type Obstacle =
  | 'terra_has_not_confirmed'
  | 'events_not_read'
  | 'sweep_running'
  | 'terra_lists_more'
  | 'connected_meanwhile';

/** Completes erasures, as soon as nothing is left at Terra. Does all of it at once, so that a crash leaves no half. */
@Injectable()
export class ErasureWorker implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(ErasureWorker.name);
  private readonly loop = new PollingWorker({
    name: 'erasure-worker',
    idleMs: IDLE_MS,
    runOnce: () => this.runOnce(),
  });

  private lookedAtUntil: string | null = null;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly repository: ErasureRepository,
    private readonly connections: ConnectionErasureService,
    private readonly sessions: SessionErasureService,
    private readonly webhooks: WebhookErasureService,
    private readonly sweeps: SweepErasureService,
    private readonly terra: TerraClient,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
    @Inject(TERRA_CONNECT_OPTIONS) private readonly options: TerraConnectOptions,
  ) {}

  onModuleInit(): void {
    this.metrics.beforeScrape(async () => {
      const oldest = await this.repository.oldestPending();
      const waitedMs = oldest ? this.clock.now().getTime() - oldest.getTime() : 0;
      this.metrics.erasuresOldestSeconds.set(Math.max(0, waitedMs / 1_000));
    });
  }

  onApplicationBootstrap(): void {
    if (this.options.workersEnabled) this.loop.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.loop.stop();
  }

  notify(): void {
    this.loop.notify();
  }

  /**
   * Tries to complete the next pending erasures.
   *
   * @returns false when there is no more to look at for now
   */
  async runOnce(): Promise<boolean> {
    const pending = await this.repository.pendingAfter(this.lookedAtUntil, BATCH);
    this.lookedAtUntil = pending.length === BATCH ? (pending.at(-1)?.id ?? null) : null;
    for (const erasure of pending) await this.attempt(erasure);
    return pending.length === BATCH;
  }

  // One that fails does not hold up the others; it comes round again.
  private async attempt(erasure: Erasure): Promise<void> {
    try {
      const obstacle = await this.complete(erasure);
      if (obstacle) this.logger.debug({ event: 'erasure.waiting', erasureId: erasure.id, obstacle });
    } catch (error) {
      if (isConnectionLost(error)) throw error;
      this.logger.error({ event: 'erasure.failed', erasureId: erasure.id, err: error });
    }
  }

  private async complete({ id, referenceId }: Erasure): Promise<Obstacle | null> {
    if (referenceId === null) return null;
    const early = await inTransaction(this.dataSource, (manager) => this.obstacle(manager, id, referenceId));
    if (early) return early;
    // T-24: a confirmed call is Terra's word for one user. Its list may have others, of whom we were never told.
    const listed = (await this.terra.listUsersOf(referenceId, ASK_DEADLINE_MS)) ?? [];
    const terraUserIds = listed.flatMap((user) => (user.active === false ? [] : user.terraUserId));
    return inTransaction(this.dataSource, (manager) =>
      this.purge(manager, id, { referenceId, terraUserIds }),
    );
  }

  private async obstacle(manager: EntityManager, id: string, referenceId: string): Promise<Obstacle | null> {
    const erasure = await this.repository.lockPending(manager, id);
    if (!erasure) return null;
    if (await this.connections.isPending(manager, referenceId)) return 'terra_has_not_confirmed';
    // Whom they are about nobody knows before they are read.
    if (await this.webhooks.hasUnread(manager, erasure.requestedAt)) return 'events_not_read';
    return (await this.sweeps.isRunning(manager)) ? 'sweep_running' : null;
  }

  private async purge(
    manager: EntityManager,
    id: string,
    listed: { referenceId: string; terraUserIds: string[] },
  ): Promise<Obstacle | null> {
    const { referenceId } = listed;
    const terraUserIds = await this.connections.lock(manager, referenceId);
    const erasure = await this.repository.lockPending(manager, id);
    if (!erasure) return null;
    const { actor, requestedAt } = erasure;
    const since = new Date(requestedAt.getTime() - 1);
    if ((await this.connections.endListed(manager, listed, { actor, since })) > 0) return 'terra_lists_more';
    // Until the receipt, whatever is connected under this reference is the one who asked to be forgotten.
    if ((await this.connections.disconnectAll(manager, referenceId, actor)) > 0) return 'connected_meanwhile';
    const obstacle = await this.obstacle(manager, id, referenceId);
    if (obstacle) return obstacle;

    const person = { referenceId, terraUserIds };
    const { connections, deauthentications } = await this.connections.recordsOf(manager, referenceId);
    const connectionIds = connections.map((connection) => connection.id);
    const sessions = await this.sessions.erase(manager, referenceId, connectionIds);
    const { counts, successors } = await this.connections.erase(manager, person);
    const webhookEvents = await this.webhooks.erase(manager, person, successors);
    const sweepFindings = await this.sweeps.erase(manager, person);
    const all = { ...counts, ...sessions, webhookEvents, sweepFindings };
    await this.repository.complete(manager, id, {
      completedAt: this.clock.now(),
      counts: all,
      confirmations: deauthentications.map(confirmationOf),
    });
    afterCommit(manager, () => {
      this.metrics.erasures.inc({ status: 'completed' });
      this.logger.log({ event: 'erasure.completed', erasureId: id, ...all });
    });
    return null;
  }
}

function confirmationOf(call: Deauthentication): ErasureConfirmation {
  return {
    requestedAt: call.requestedAt.toISOString(),
    confirmedAt: call.confirmedAt?.toISOString() ?? null,
    outcome: call.lastOutcome,
    attempts: call.attempts,
  };
}
