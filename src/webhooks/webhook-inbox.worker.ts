import { Injectable, Logger } from '@nestjs/common';
import { Clock, isContended, isDatabaseDown, RecentMap, toStorable } from '../common';
import { Metrics } from '../observability';
import { retryDelayMs, WorkerHost } from '../queue';
import { parseTerraEvent } from '../terra';
import { labelsOf } from './event-labels';
import { POINTER_WORKERS } from './pointers/payload-pointer';
import { LANES, type Lane } from './webhook-event.entity';
import { WebhookProcessingRepository, type LockedWebhookEvent } from './webhook-processing.repository';
import { WebhookProcessorService, type ProcessedBatch } from './webhook-processor.service';

/** The workers that process the inbox: their own for each lane, so that no lane waits for another. */
export const LANE_WORKERS: Record<Lane, string> = {
  [LANES.links]: 'webhook-links',
  [LANES.data]: 'webhook-data',
  [LANES.largeBodies]: 'webhook-large-bodies',
};
// A second worker of the lane helps while a backlog lasts: the first one often waits for Postgres. Each holds a connection.
const HELPERS: Partial<Record<Lane, string>> = {
  [LANES.links]: 'webhook-links-backlog',
  [LANES.data]: 'webhook-data-backlog',
};

/** Wakes the workers of all lanes, when events of any lane have become due. */
export function notifyLanes(workers: WorkerHost): void {
  for (const lane of Object.values(LANES)) workers.notify(LANE_WORKERS[lane]);
}

const IDLE_MS = 1_000;
// A stream of events then costs at most so many batches a second. A lone event waits for nobody. Callers wait for links;
// health data only changes the time of the last data.
const SPACING_MS: Record<Lane, number> = { [LANES.links]: 20, [LANES.data]: 100, [LANES.largeBodies]: 20 };
// How long to wait before the next look at a lane that another process processes. Each look has four statements.
const TURN_PAUSE_MS = 100;
// A transaction of another process that takes longer probably waits for a lock, or its process is suspended.
const TURN_PATIENCE_MS = 1_000;
/** The largest number of events in one transaction. A large body is alone: a batch must lock only what it processes. */
const BATCH: Record<Lane, number> = { [LANES.links]: 200, [LANES.data]: 200, [LANES.largeBodies]: 1 };
// How often, and for how long, the events of a batch wait after a lock or statement timeout, before the service looks for
// one that causes it. The transaction that holds the lock ends within a minute.
const POSTPONEMENTS = 2;
const POSTPONE_MS = 1_000;
const REMEMBERED_POSTPONEMENTS = 2_000;
/** The attempts take up to an hour, half an hour on average. After that, the event needs an operator. */
export const WEBHOOK_RETRY = { baseMs: 1_000, maxMs: 15 * 60_000, attempts: 14 };
const MAX_NOTE_LENGTH = 500;

/** Processes pending events; an event's effects and its status commit together. */
@Injectable()
export class WebhookInboxWorker {
  private readonly logger = new Logger(WebhookInboxWorker.name);
  /** How often an event was postponed, by its id. */
  private readonly postponements = new RecentMap<number>(REMEMBERED_POSTPONEMENTS);
  /** Since when another process has processed a lane whenever this one looked, in milliseconds of the monotonic clock. */
  private readonly waitsSince = new Map<Lane, number>();

  constructor(
    private readonly repository: WebhookProcessingRepository,
    private readonly processor: WebhookProcessorService,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
    private readonly workers: WorkerHost,
  ) {
    for (const lane of Object.values(LANES))
      for (const name of [LANE_WORKERS[lane], HELPERS[lane] ?? []].flat())
        workers.register({
          name,
          idleMs: IDLE_MS,
          spacingMs: SPACING_MS[lane],
          run: (signal) => this.runLane(lane, signal),
        });
    this.metrics.beforeScrape(async () => {
      const counts = await this.repository.countBacklog();
      for (const status of ['pending', 'parked', 'dead_lettered'] as const)
        this.metrics.webhookBacklog.set({ status }, counts[status] ?? 0);
    });
  }

  /**
   * Processes the events of every lane that are due, up to a batch of each.
   *
   * @returns whether more events may be due
   */
  async runOnce(limit = Infinity): Promise<boolean> {
    let hasMore = false;
    for (const lane of Object.values(LANES)) hasMore = (await this.processLane(lane, limit)) || hasMore;
    return hasMore;
  }

  /** @returns whether more events of the lane may be due */
  async processLane(lane: Lane, limit: number, signal?: AbortSignal): Promise<boolean> {
    const taken: LockedWebhookEvent[] = [];
    try {
      const due = { lane, limit: Math.min(limit, BATCH[lane]), inTurn: this.isPatient(lane) };
      const batch = await this.processor.processDue(due, taken);
      this.count(batch);
      this.noteTurn(lane, batch);
      const helper = HELPERS[lane];
      if (batch.hasMore && helper) this.workers.notify(helper);
      return batch.hasMore;
    } catch (error) {
      await this.isolate(taken, error, signal);
      return taken.length > 0;
    }
  }

  // The other process may not see what this one has accepted meanwhile, so the lane is looked at again.
  private async runLane(lane: Lane, signal: AbortSignal): Promise<boolean | number> {
    const hasMore = await this.processLane(lane, BATCH[lane], signal);
    return this.waitsSince.has(lane) ? TURN_PAUSE_MS : hasMore;
  }

  private isPatient(lane: Lane): boolean {
    return performance.now() - (this.waitsSince.get(lane) ?? Infinity) < TURN_PATIENCE_MS;
  }

  private noteTurn(lane: Lane, { isTurn }: ProcessedBatch): void {
    if (isTurn) this.waitsSince.delete(lane);
    else if (!this.waitsSince.has(lane)) this.waitsSince.set(lane, performance.now());
  }

  /**
   * Finds the events because of which a batch failed: processes each half by itself, and the halves of a half that fails
   * again. So one such event among 200 costs about sixteen attempts, and all others are processed in the same pass.
   */
  private async isolate(failed: LockedWebhookEvent[], error: unknown, signal?: AbortSignal): Promise<void> {
    const [first, second] = failed;
    // While the database is down, the failure cannot be stored either, and no event caused it.
    if (!first || isDatabaseDown(error)) throw error;
    if (isContended(error) && (await this.postpone(failed, error))) return;
    if (!second) return this.recordFailure(first, error);
    const middle = Math.ceil(failed.length / 2);
    for (const half of [failed.slice(0, middle), failed.slice(middle)]) {
      if (signal?.aborted) return;
      const taken: LockedWebhookEvent[] = [];
      try {
        this.count(await this.processor.processAgain(half, taken));
      } catch (halfError) {
        await this.isolate(taken, halfError, signal);
      }
    }
  }

  /**
   * Lets the events of a batch wait that met a lock: each attempt to isolate one of them would wait for the lock again. No
   * event loses an attempt.
   *
   * @returns false if one of them has waited often enough, because an event can also be the cause
   */
  private async postpone(failed: LockedWebhookEvent[], error: unknown): Promise<boolean> {
    const ids = failed.map(({ id }) => id);
    const times = Math.max(...ids.map((id) => this.postponements.get(id) ?? 0));
    if (times >= POSTPONEMENTS) return false;
    for (const id of ids) this.postponements.set(id, times + 1);
    await this.repository.postpone(ids, new Date(this.clock.now().getTime() + POSTPONE_MS));
    this.logger.warn({ event: 'webhook.batch_postponed', events: ids.length, err: error });
    return true;
  }

  private count({ processed }: ProcessedBatch): void {
    for (const { type, outcome } of processed) this.metrics.webhookEvents.inc({ type, outcome });
    if (processed.some(({ outcome }) => outcome === 'pending'))
      for (const name of POINTER_WORKERS) this.workers.notify(name);
  }

  private async recordFailure(event: LockedWebhookEvent, error: unknown): Promise<void> {
    const attempt = event.attempts + 1;
    const deadLettered = attempt >= WEBHOOK_RETRY.attempts;
    const waitMs = retryDelayMs(WEBHOOK_RETRY, attempt);
    const parsed = parseTerraEvent(event.body);
    await this.repository.recordFailure(event, {
      note: toStorable(error instanceof Error ? error.message : 'unknown error', MAX_NOTE_LENGTH),
      nextAttemptAt: deadLettered ? null : new Date(this.clock.now().getTime() + waitMs),
      labels: parsed && labelsOf(parsed),
    });
    this.metrics.webhookEvents.inc({ type: 'any', outcome: deadLettered ? 'dead_lettered' : 'failed' });
    this.logger.error({
      event: 'webhook.failed',
      webhookEventId: event.id,
      attempt,
      deadLettered,
      err: error,
    });
  }
}
