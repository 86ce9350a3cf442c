import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../../common';
import { Metrics } from '../../observability';
import { EventMessages } from '../data/event-messages.service';
import type { EventEndpoint } from '../endpoints/event-endpoint.entity';
import type { OutgoingEvent } from '../outgoing-event.entity';
import type { AttemptMeaning } from './answer-meaning';
import type { Settlement, TakenLane, WaitingDelivery } from './delivery-queue.repository';
import type { DeliveryAttempt } from './event-delivery.entity';
import { DeliverySettler } from './delivery-settler';
import { EndpointCondition } from './endpoint-condition.service';
import { stepAfter } from './lane-step';
import { DeliveryFailedError, WebhookPublishers } from './webhook-publisher';

/** Longer than a request may take, and what is stored before and after it. */
export const LEASE_MS = 60_000;

/** What a lane in flight asks its worker. */
export interface LaneContext {
  /** Ends the request that is under way. */
  signal: AbortSignal;
  /** Whether the next delivery of the lane may begin. */
  mayGoOn: () => boolean;
  /** Called with the meaning of each attempt. */
  onAttempt: (meaning: AttemptMeaning) => void;
}

const WITHOUT_ANSWER = { status: null, retryAfterMs: null, ofWholeEndpoint: false } as const;
const BUSY: AttemptMeaning = { ...WITHOUT_ANSWER, kind: 'not_attempted', error: 'busy' };
const INTERNAL: AttemptMeaning = { ...WITHOUT_ANSWER, kind: 'failed', error: 'internal' };

/**
 * Sends the next deliveries of a lane, one after the other. Each outcome is stored before the next delivery begins. So a
 * process that dies repeats at most the deliveries in flight, and a lane that an erasure has deleted sends nothing more.
 */
@Injectable()
export class LaneRunner {
  private readonly logger = new Logger(LaneRunner.name);

  constructor(
    private readonly publishers: WebhookPublishers,
    private readonly settler: DeliverySettler,
    private readonly condition: EndpointCondition,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
    private readonly messages: EventMessages,
  ) {}

  async run(
    endpoint: EventEndpoint,
    lane: TakenLane,
    deliveries: WaitingDelivery[],
    context: LaneContext,
  ): Promise<void> {
    let failures = { attempts: lane.attempts, since: lane.failingSince };
    for (const [index, { eventId, event }] of deliveries.entries()) {
      if (!context.mayGoOn()) break;
      const at = this.clock.now().toISOString();
      const startedAt = performance.now();
      const meaning = event && (await this.publish(endpoint, event, context.signal));
      const ms = Math.round(performance.now() - startedAt);
      const now = this.clock.now();
      const { status, failures: left, restsUntil } = stepAfter(meaning, failures, now);
      failures = left;
      if (meaning) context.onAttempt(meaning);
      this.metrics.eventDeliveries.inc({ outcome: meaning?.kind ?? 'dropped' });
      if (status === 'given_up') this.noteGivenUp(endpoint.id, eventId);
      // Most lanes have one delivery. One transaction stores its outcome and releases the lane.
      const dueAt = restsUntil ?? (index === deliveries.length - 1 ? now : null);
      const attempt = attemptOf(meaning, event === null ? 'event_gone' : 'data_gone', { at, ms });
      const held = await this.settler.settle({
        lane,
        delivery: { eventId, status, attempt, hasBody: event?.type.startsWith('data.') === true },
        attempts: failures.attempts,
        failingSince: failures.since,
        dueAt: dueAt ?? new Date(now.getTime() + LEASE_MS),
        releases: dueAt !== null,
      });
      if (meaning) await this.condition.note(endpoint, meaning);
      if (!held || dueAt !== null) return;
    }
    await this.settler.settle(releaseOf(lane, failures, this.clock.now()));
  }

  private async publish(
    endpoint: EventEndpoint,
    event: OutgoingEvent,
    signal: AbortSignal,
  ): Promise<AttemptMeaning | null> {
    try {
      const outcome = await this.messages.use(event, endpoint.id, async (message) => {
        let accepted = INTERNAL;
        await this.publishers.to(endpoint).publish([message], signal, (meaning) => (accepted = meaning));
        return accepted;
      });
      return outcome === 'busy' ? BUSY : outcome === 'gone' ? null : outcome;
    } catch (error) {
      if (error instanceof DeliveryFailedError) return error.meaning;
      // Counts as an attempt, so that an event that the service cannot send does not block its lane for ever (R12).
      this.logger.error({
        event: 'event_delivery.failed',
        endpointId: endpoint.id,
        eventId: event.id,
        err: error,
      });
      return INTERNAL;
    }
  }

  private noteGivenUp(endpointId: string, eventId: string): void {
    this.metrics.eventDeliveries.inc({ outcome: 'given_up' });
    this.logger.warn({ event: 'event_delivery.given_up', endpointId, eventId });
  }
}

/** What the list of deliveries tells. A dropped delivery has its cause in place of an attempt. */
function attemptOf(
  meaning: AttemptMeaning | null,
  dropped: string,
  { at, ms }: Pick<DeliveryAttempt, 'at' | 'ms'>,
): DeliveryAttempt | null {
  if (meaning?.kind === 'not_attempted') return null;
  return meaning
    ? { at, status: meaning.status, error: meaning.error, ms }
    : { at, status: null, error: dropped, ms };
}

function releaseOf(
  lane: TakenLane,
  { attempts, since }: { attempts: number; since: Date | null },
  now: Date,
): Settlement {
  return { lane, delivery: null, attempts, failingSince: since, dueAt: now, releases: true };
}
