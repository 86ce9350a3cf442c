import { randomUUID } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import { NatsOptions } from '../../config';
import type { EventMessage } from '../cloud-event';
import { EventBodies } from '../data/event-bodies.service';
import { EventMessages } from '../data/event-messages.service';
import { firstEventIdOf } from '../event-id';
import { EventLogRepository } from '../event-log.repository';
import { natsTypesOf } from '../event-type-patterns';
import type { EventType } from '../event-types';
import { EventRelayRepository, type RelayLag } from './event-relay.repository';
import { NatsPublisher } from './nats.publisher';

const NATS_RELAY = 'nats';
const LEASE_MS = 30_000;
// Ends before the lease, with room for the statements around it.
const PUBLISH_MS = 20_000;
const BATCH = 500;
/** Types that the relay does not publish still count: a batch reads a bounded part of the log. */
const WINDOW = 10_000;

interface RelayedBatch {
  published: number;
  /** Events that retention had dropped before the relay came to them. */
  missed: number;
  /** Whether the log has more events. */
  more: boolean;
}

/** Publishes the log of outgoing events to NATS, a batch at a time, by one process at a time. */
@Injectable()
export class NatsRelay {
  private readonly logger = new Logger('event-nats-relay');
  private readonly owner = randomUUID();
  private readonly types: readonly EventType[];

  constructor(
    private readonly relays: EventRelayRepository,
    private readonly log: EventLogRepository,
    private readonly publisher: NatsPublisher,
    private readonly messages: EventMessages,
    private readonly bodies: EventBodies,
    options: NatsOptions,
  ) {
    this.types = natsTypesOf(options);
  }

  /**
   * Publishes the next events, then stores the position. A process that ends between the two leaves a batch that the next one
   * publishes again; the publisher finds out what is stored already.
   *
   * @returns null when the log has no new events, or another process publishes them
   * @throws NatsPublishError when NATS has not stored all of them
   */
  async relayBatch(signal: AbortSignal): Promise<RelayedBatch | null> {
    const { lastPosition, horizon } = await this.log.bounds();
    if ((await this.relays.position(NATS_RELAY)) >= lastPosition) return null;
    // From before the claim on, so that a process that was paused does not publish under a lease that it has lost.
    const deadline = AbortSignal.timeout(PUBLISH_MS);
    const position = await this.relays.claim(NATS_RELAY, this.owner, LEASE_MS);
    if (position === null) return null;
    let isDone = true;
    try {
      const after = Math.max(position, horizon);
      const missed = after - position;
      if (missed > 0)
        this.logger.error({ event: 'event_relay.events_missed', from: position + 1, to: horizon });
      const until = Math.min(after + WINDOW, lastPosition);
      const events = await this.log.read({ after, until }, { types: this.types, referenceId: null }, BATCH);
      const { messages, covered } = await this.messages.batchOf(events);
      await this.publisher.publish(messages, AbortSignal.any([signal, deadline]));
      const isAll = covered === events.length && covered < BATCH;
      const reached = isAll ? until : Number(events[covered - 1]?.position);
      if (!(await this.relays.advance(NATS_RELAY, this.owner, reached)))
        this.logger.warn({ event: 'event_relay.lease_lost', position: reached });
      await this.releaseBodies(messages);
      isDone = reached >= lastPosition || signal.aborted;
      return { published: messages.length, missed, more: reached < lastPosition };
    } finally {
      if (isDone) await this.relays.release(NATS_RELAY, this.owner);
    }
  }

  /**
   * Publishes the events again that the service stored at a time or later; those that the stream still has can come twice.
   *
   * @returns how many events the relay reads again
   */
  async repeatFrom(time: Date): Promise<number> {
    await this.relays.position(NATS_RELAY);
    const events = await this.relays.moveBack(NATS_RELAY, firstEventIdOf(time));
    this.logger.log({ event: 'event_relay.moved_back', events });
    return events;
  }

  lag(): Promise<RelayLag> {
    return this.relays.lag(NATS_RELAY);
  }

  private async releaseBodies(messages: EventMessage[]): Promise<void> {
    const withBody = messages.filter(({ type }) => type.startsWith('data.'));
    const claimed = withBody.filter((message) => !this.publisher.carries(message));
    await this.bodies.handedToNats(
      withBody.map(({ id }) => id),
      claimed.map(({ id }) => id),
    );
  }
}
