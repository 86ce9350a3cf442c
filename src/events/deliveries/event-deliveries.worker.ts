import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Clock, runWithProgress } from '../../common';
import { Metrics } from '../../observability';
import { WorkerHost } from '../../queue';
import { EndpointsRepository } from '../endpoints/endpoints.repository';
import type { EventEndpoint } from '../endpoints/event-endpoint.entity';
import { DELIVERIES } from '../worker-names';
import { DeliveryQueueRepository, type TakenLane, type WaitingDelivery } from './delivery-queue.repository';
import { lanesPerEndpoint, newPace, paceAfter, type Pace } from './endpoint-pace';
import { LaneRunner, LEASE_MS } from './lane-runner.service';

// Another process may have added deliveries, and retries become due.
const IDLE_MS = 500;
// Deliveries gather, so that the statements of a run serve many.
const SPACING_MS = 20;
const SHUTDOWN_GRACE_MS = 5_000;

/** What this process knows about an endpoint to which it sends. */
interface Sending {
  /** Of the endpoint: a change by a caller forgets the pace. */
  updatedAt: number;
  pace: Pace;
  isEnabled: boolean;
  lanesInFlight: number;
}

/**
 * Delivers events to webhook endpoints. A run takes due lanes and starts them; it does not wait for the answers. So an
 * endpoint that is slow or down holds only the lanes of its own share, and no connection to Postgres.
 */
@Injectable()
export class EventDeliveriesWorker implements BeforeApplicationShutdown {
  private readonly logger = new Logger(EventDeliveriesWorker.name);
  private readonly sendings = new Map<string, Sending>();
  private readonly inFlight = new Set<Promise<void>>();
  private readonly aborter = new AbortController();
  private isStopping = false;
  private starting: Promise<boolean> | null = null;

  constructor(
    private readonly queue: DeliveryQueueRepository,
    private readonly endpoints: EndpointsRepository,
    private readonly lanes: LaneRunner,
    private readonly clock: Clock,
    private readonly workers: WorkerHost,
    metrics: Metrics,
  ) {
    // Each delivery in flight listens.
    setMaxListeners(0, this.aborter.signal);
    metrics.beforeScrape(async () => {
      metrics.webhookEndpointsDisabledNow.set(await endpoints.countDisabled());
      metrics.eventDeliveryLag.set((await queue.lagMs(clock.now())) / 1_000);
    });
    workers.register({ name: DELIVERIES, idleMs: IDLE_MS, spacingMs: SPACING_MS, run: () => this.start() });
  }

  /** Delivers what is due, and waits for the answers. @returns whether it had anything to deliver */
  async runOnce(): Promise<boolean> {
    await this.start();
    const isBusy = this.inFlight.size > 0;
    while (this.inFlight.size > 0) await Promise.all(this.inFlight);
    return isBusy;
  }

  /** Lets the deliveries in flight end, for some seconds. A lane does not begin another one. */
  async beforeApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    const grace = sleep(SHUTDOWN_GRACE_MS, undefined, { ref: false }).then(() => this.aborter.abort());
    await Promise.race([grace, Promise.all(this.inFlight)]);
    await Promise.all(this.inFlight);
  }

  /** One start at a time, because it counts the lanes in flight before it takes more. */
  private start(): Promise<boolean> {
    this.starting ??= this.startDue().finally(() => (this.starting = null));
    return this.starting;
  }

  /** @returns false: lanes that end wake the loop themselves, because more may be due */
  private async startDue(): Promise<boolean> {
    if (this.isStopping) return false;
    const enabled = (await this.endpoints.list()).filter((endpoint) => endpoint.enabled);
    const share = lanesPerEndpoint(enabled.length);
    const now = this.clock.now();
    this.noteEnabled(enabled);
    const wanted = enabled.flatMap((endpoint) => {
      const { pace, lanesInFlight } = this.sendingOf(endpoint, share);
      const lanes = pace.pausedUntil > now.getTime() ? 0 : Math.min(pace.lanes, share) - lanesInFlight;
      return lanes > 0 ? [{ endpointId: endpoint.id, lanes }] : [];
    });
    if (wanted.length === 0) return false;
    const lease = randomUUID();
    const taken = await this.queue.take(wanted, { now, lease, until: new Date(now.getTime() + LEASE_MS) });
    if (taken.length === 0) return false;
    const deliveries = await this.queue.nextOf(taken);
    const byId = new Map(enabled.map((endpoint) => [endpoint.id, endpoint]));
    taken.forEach((lane, index) => {
      const endpoint = byId.get(lane.endpointId);
      if (endpoint) this.launch(endpoint, lane, deliveries[index] ?? [], share);
    });
    return false;
  }

  private launch(
    endpoint: EventEndpoint,
    lane: TakenLane,
    deliveries: WaitingDelivery[],
    share: number,
  ): void {
    const sending = this.sendingOf(endpoint, share);
    sending.lanesInFlight += 1;
    const context = {
      signal: this.aborter.signal,
      mayGoOn: () =>
        !this.isStopping && sending.isEnabled && sending.pace.pausedUntil <= this.clock.now().getTime(),
      onAttempt: (meaning: Parameters<typeof paceAfter>[1]) => {
        sending.pace = paceAfter(sending.pace, meaning, { share, now: this.clock.now() });
      },
    };
    // The statements of a lane are no progress of the loop, which runs on without it.
    const task = runWithProgress(
      () => undefined,
      () => this.lanes.run(endpoint, lane, deliveries, context),
    )
      .catch((error: unknown) => {
        // The lease of the lane ends, and a worker repeats the delivery.
        this.logger.error({ event: 'event_delivery.not_stored', endpointId: endpoint.id, err: error });
      })
      .then(() => {
        sending.lanesInFlight -= 1;
        this.inFlight.delete(task);
        this.workers.notify(DELIVERIES);
      });
    this.inFlight.add(task);
  }

  private sendingOf({ id, updatedAt }: EventEndpoint, share: number): Sending {
    const known = this.sendings.get(id);
    if (known?.updatedAt === updatedAt.getTime()) return known;
    const fresh = { updatedAt: updatedAt.getTime(), pace: newPace(share), isEnabled: true };
    // Lanes in flight hold the object.
    const sending = known ? Object.assign(known, fresh) : { ...fresh, lanesInFlight: 0 };
    this.sendings.set(id, sending);
    return sending;
  }

  private noteEnabled(enabled: EventEndpoint[]): void {
    const ids = new Set(enabled.map(({ id }) => id));
    for (const [id, sending] of this.sendings) {
      sending.isEnabled = ids.has(id);
      if (!sending.isEnabled && sending.lanesInFlight === 0) this.sendings.delete(id);
    }
  }
}
