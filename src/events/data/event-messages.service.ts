import { Injectable } from '@nestjs/common';
import { BrowserOptions } from '../../config';
import { toMessage, type EventMessage } from '../cloud-event';
import type { OutgoingEvent } from '../outgoing-event.entity';
import { EventBodies } from './event-bodies.service';

/** Larger bodies are large. A smaller one is read with one statement. */
const LARGE_BYTES = 256 * 1_024;
const MEGABYTE = 1_024 * 1_024;

/** How many bytes of bodies a batch has at most, unless a single one is larger. */
const BATCH_BYTES = 4 * 1_024 * 1_024;

/** Makes the messages of events that leave. Bounds the memory that large bodies take. */
@Injectable()
export class EventMessages {
  /** The receivers to which a large body is under way. Each has one at a time, so that a slow one keeps none from others. */
  private readonly large = new Set<string>();
  private largeBytes = 0;
  /** How many bytes of large bodies are in memory at one time. The lanes of a process bound those of small bodies. */
  readonly limits = { largeBytes: 64 * MEGABYTE };

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
    const beginning = await this.bodies.beginningOf(event.id, LARGE_BYTES);
    if (beginning === null) return 'gone';
    const { bytes, start } = beginning;
    if (bytes === start.length) return work(toMessage(event, this.options.publicUrl, [start]));
    const isTooMuch = this.largeBytes > 0 && this.largeBytes + bytes > this.limits.largeBytes;
    if (isTooMuch || this.large.has(receiver)) return 'busy';
    this.large.add(receiver);
    this.largeBytes += bytes;
    try {
      const rest = await this.bodies.restOf(event.id, start.length, bytes);
      return rest === null ? 'gone' : await work(toMessage(event, this.options.publicUrl, [start, ...rest]));
    } finally {
      this.large.delete(receiver);
      this.largeBytes -= bytes;
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
    const bodies = ids.length > 0 ? await this.bodies.read(ids) : new Map<string, Buffer>();
    const messages = first
      .filter((event) => !isDataEvent(event) || bodies.has(event.id))
      .map((event) => {
        const body = bodies.get(event.id);
        return toMessage(event, this.options.publicUrl, body ? [body] : null);
      });
    return { messages, covered: first.length };
  }
}

function isDataEvent({ type }: OutgoingEvent): boolean {
  return type.startsWith('data.');
}
