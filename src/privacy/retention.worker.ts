import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Clock } from '../common';
import { retentionOf, TERRA_CONNECT_OPTIONS, type TerraConnectOptions } from '../config';
import { SessionRetentionService } from '../connect-sessions';
import { ConnectionRetentionService, type CompactedHistory } from '../connections';
import { Metrics } from '../observability';
import { PollingWorker } from '../queue';
import { WebhookRetentionService } from '../webhooks';

const IDLE_MS = 3_600_000;
const BATCH = 1_000;
const DAY_MS = 86_400_000;
// Somebody may still want to look into what could not be applied.
const STUCK_TIMES = 3;

/** Deletes, batch by batch, what is older than its table keeps. */
@Injectable()
export class RetentionWorker implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(RetentionWorker.name);
  private readonly loop = new PollingWorker({
    name: 'retention-worker',
    idleMs: IDLE_MS,
    runOnce: () => this.runOnce(),
  });

  private stopping = false;

  constructor(
    private readonly sessions: SessionRetentionService,
    private readonly webhooks: WebhookRetentionService,
    private readonly connections: ConnectionRetentionService,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
    @Inject(TERRA_CONNECT_OPTIONS) private readonly options: TerraConnectOptions,
  ) {}

  onApplicationBootstrap(): void {
    if (this.options.workersEnabled) this.loop.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping = true;
    await this.loop.stop();
  }

  /** Deletes all that is due. @returns false: there is time until the next look */
  async runOnce(): Promise<boolean> {
    const { sessionsDays, webhookEventsDays, historyDays, deauthenticationsDays } = retentionOf(
      this.options.retention,
    );
    await this.delete('connect_sessions', sessionsDays, (before) => this.sessions.deleteEnded(before, BATCH));
    await this.delete('webhook_events', webhookEventsDays, (before) =>
      this.webhooks.deleteOld(before, this.daysAgo(webhookEventsDays * STUCK_TIMES), BATCH),
    );
    await this.delete('deauthentications', deauthenticationsDays, (before) =>
      this.connections.deleteConfirmedDeauthentications(before, BATCH),
    );
    if (historyDays > 0) await this.compactHistory(this.daysAgo(historyDays));
    return false;
  }

  private async delete(table: string, days: number, batch: (before: Date) => Promise<number>): Promise<void> {
    if (days === 0) return;
    let deleted = 0;
    for (let last = BATCH; last === BATCH && !this.stopping; deleted += last)
      last = await batch(this.daysAgo(days));
    this.report(table, deleted);
  }

  private async compactHistory(before: Date): Promise<void> {
    let deleted = 0;
    for (let afterId: string | null | undefined = null; afterId !== undefined && !this.stopping;) {
      const batch: CompactedHistory = await this.connections.compactHistory(before, afterId, BATCH);
      deleted += batch.deleted;
      afterId = batch.lastId ?? undefined;
    }
    this.report('connection_facts', deleted);
  }

  private report(table: string, deleted: number): void {
    if (deleted === 0) return;
    this.metrics.retentionDeleted.inc({ table }, deleted);
    this.logger.log({ event: 'retention.deleted', table, deleted });
  }

  private daysAgo(days: number): Date {
    return new Date(this.clock.now().getTime() - days * DAY_MS);
  }
}
