import { Injectable } from '@nestjs/common';
import { BrowserOptions } from '../../config';
import { toMessage, type EventMessage } from '../cloud-event';
import type { OutgoingEvent } from '../outgoing-event.entity';
import { EventBodies } from './event-bodies.service';

/** Larger bodies are large. */
const LARGE_BYTES = 256 * 1_024;
// A body of 15 MB takes about 60 MB on its way: as bytes, as text, and as a signed message.
const MAX_LARGE = 4;

/** How many bytes of bodies a batch has at most, unless a single one is larger. */
const BATCH_BYTES = 4 * 1_024 * 1_024;

/** Makes the messages of events that leave. Bounds the memory that large bodies take. */
@Injectable()
export class EventMessages {
  /** The receivers to which a large body is under way. Each has one at a time, so that a slow one keeps none from others. */
  private readonly large = new Set<string>();

  constructor(
    private readonly bodies: EventBodies,
    private readonly options: BrowserOptions,
  ) {}

  /**
   * Reads the body of an event at the last moment, and hands its message to `work`.
   *
   * @param receiver tells receivers apart
   * @returns `gone`: the service does not have the body any more; `busy`: large bodies are under way, so try again soon
   */
  async use<Result>(
    event: OutgoingEvent,
    receiver: string,
    work: (message: EventMessage) => Promise<Result>,
  ): Promise<Result | 'gone' | 'busy'> {
    if (!isDataEvent(event)) return work(toMessage(event, this.options.publicUrl, null));
    const bytes = (await this.bodies.sizesOf([event.id])).get(event.id);
    if (bytes === undefined) return 'gone';
    if (bytes <= LARGE_BYTES) return this.useBody(event, work);
    if (this.large.size >= MAX_LARGE || this.large.has(receiver)) return 'busy';
    this.large.add(receiver);
    try {
      return await this.useBody(event, work);
    } finally {
      this.large.delete(receiver);
    }
  }

  /**
   * Makes the messages of the first of these events whose bodies are small enough together. An event whose body is gone makes
   * no message.
   *
   * @returns the messages, and how many of the events they cover: at least one
   */
  async batchOf(events: OutgoingEvent[]): Promise<{ messages: EventMessage[]; covered: number }> {
    const withBody = events.filter(isDataEvent).map(({ id }) => id);
    const sizes = withBody.length > 0 ? await this.bodies.sizesOf(withBody) : new Map<string, number>();
    let bytes = 0;
    const tooFar = events.findIndex(
      ({ id }, index) => (bytes += sizes.get(id) ?? 0) > BATCH_BYTES && index > 0,
    );
    const first = tooFar === -1 ? events : events.slice(0, tooFar);
    const ids = first.flatMap(({ id }) => (sizes.has(id) ? id : []));
    const bodies = ids.length > 0 ? await this.bodies.read(ids) : new Map<string, string>();
    const messages = first
      .filter((event) => !isDataEvent(event) || bodies.has(event.id))
      .map((event) => toMessage(event, this.options.publicUrl, bodies.get(event.id) ?? null));
    return { messages, covered: first.length };
  }

  private async useBody<Result>(
    event: OutgoingEvent,
    work: (message: EventMessage) => Promise<Result>,
  ): Promise<Result | 'gone'> {
    const body = (await this.bodies.read([event.id])).get(event.id);
    return body === undefined ? 'gone' : work(toMessage(event, this.options.publicUrl, body));
  }
}

function isDataEvent({ type }: OutgoingEvent): boolean {
  return type.startsWith('data.');
}
