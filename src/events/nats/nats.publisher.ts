import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { BrowserOptions, NatsOptions, RetentionOptions } from '../../config';
import { sizeOf, toClaimCheck, type EventMessage } from '../cloud-event';
import type { EventPublisher } from '../event-publisher';
import { NatsConnection, type ExpectedLast } from './nats-connection';
import { codeOf, JETSTREAM_CODES, NatsPublishError, toNatsError } from './nats.errors';
import { subjectOf } from './nats-subject';

// How much is on its way to the server at one time.
const WINDOW_EVENTS = 256;
const WINDOW_BYTES = 4 * 1_048_576;
/** More than the headers of a message have, which count against the limit of its size. */
const HEADER_BYTES = 1_024;

/** A message as JetStream gets it. */
interface NatsMessage {
  id: string;
  subject: string;
  payload: Uint8Array;
}

/** A connection and what it has stored. An aborted call may still end its own session, but never that of the next call. */
interface Session {
  connection: NatsConnection;
  /** The newest message of the stream, if this session has stored it; null: unknown. */
  last: ExpectedLast | null;
}

/**
 * Publishes events to a JetStream stream.
 *
 * Order: many messages are on their way at one time. If the server rejected one and stored the next one, a repetition would
 * store the first one behind it. So each message names the sequence number and the id of the message before it, and the
 * server stores it only there: after a rejected message, it rejects all that follow. The same check stops a process that was
 * paused and continues after another one has taken over.
 *
 * Repetition: `Nats-Msg-Id` makes a stored message a duplicate only within the duplicate window, and a server can be away for
 * longer. So after a failure, the publisher asks the stream for its newest message, and continues behind that event. If events
 * before it are missing, it sends all again.
 */
@Injectable()
export class NatsPublisher implements EventPublisher, OnApplicationShutdown {
  private readonly logger = new Logger('event-nats-relay');
  private readonly warned = new Set<string>();
  private session: Session | null = null;

  constructor(
    private readonly options: NatsOptions,
    private readonly retention: RetentionOptions,
    private readonly browser: BrowserOptions,
  ) {}

  async publish(events: readonly EventMessage[], signal: AbortSignal): Promise<void> {
    if (events.length === 0) return;
    signal.throwIfAborted();
    const work = this.store(events, signal);
    try {
      await rejectedWhenAborted(work, signal);
    } catch (error) {
      // What is still on its way cannot be stored out of order, but its answers must not be mistaken for later ones.
      await this.close();
      throw signal.aborted ? error : toNatsError(error);
    }
  }

  /** Whether the messages of the stream can carry the whole event; otherwise its consumers fetch the data. */
  carries(event: EventMessage): boolean {
    const maxBytes = (this.session?.connection.maxBytes ?? 0) - HEADER_BYTES;
    return sizeOf(event) <= maxBytes;
  }

  async onApplicationShutdown(): Promise<void> {
    await this.close();
  }

  private async close(): Promise<void> {
    const { session } = this;
    this.session = null;
    await session?.connection.close();
  }

  private async store(events: readonly EventMessage[], signal: AbortSignal): Promise<void> {
    const session = await this.connect(signal);
    let isCurrent = session.last === null;
    let next = isCurrent ? await resume(session, events) : 0;
    while (next < events.length && !signal.aborted) {
      const { stored, isBehind } = await this.storeWindow(session, events, next);
      next += stored;
      if (!isBehind) continue;
      if (isCurrent && stored === 0)
        throw new NatsPublishError(
          'other_publisher',
          `Another publisher writes to the stream ${this.options.stream}`,
          'Let only one installation of the service publish to a stream.',
        );
      isCurrent = true;
      next = Math.max(next, await resume(session, events));
    }
  }

  /**
   * Sends a window of events, and waits for all answers.
   *
   * @returns how many of the first events are stored, and whether the stream has another newest message than expected
   */
  private async storeWindow(
    session: Session,
    events: readonly EventMessage[],
    first: number,
  ): Promise<{ stored: number; isBehind: boolean }> {
    const { connection } = session;
    const window = this.windowOf(events, first, connection.maxBytes);
    let expected = session.last!;
    const answers = await Promise.allSettled(
      window.map(({ subject, id, payload }) => {
        const answer = connection.store(subject, id, payload, expected);
        expected = { sequence: expected.sequence + 1, id };
        return answer;
      }),
    );
    let stored = 0;
    for (const [index, answer] of answers.entries()) {
      if (answer.status === 'rejected') {
        const code = codeOf(answer.reason);
        const { wrongLastId, wrongLastSequence } = JETSTREAM_CODES;
        if (code !== wrongLastId && code !== wrongLastSequence) throw answer.reason;
        return { stored, isBehind: true };
      }
      stored += 1;
      if (answer.value !== null) session.last = { sequence: answer.value, id: window[index]!.id };
    }
    return { stored, isBehind: false };
  }

  private windowOf(events: readonly EventMessage[], first: number, maxBytes: number): NatsMessage[] {
    const window: NatsMessage[] = [];
    let bytes = 0;
    for (const event of events.slice(first, first + WINDOW_EVENTS)) {
      const message = this.toNats(event, maxBytes - HEADER_BYTES);
      bytes += message.payload.length;
      if (window.length > 0 && bytes > WINDOW_BYTES) break;
      window.push(message);
    }
    return window;
  }

  private toNats(event: EventMessage, maxBytes: number): NatsMessage {
    const payload =
      sizeOf(event) > maxBytes
        ? Buffer.from(toClaimCheck(event, this.browser.publicUrl))
        : Buffer.concat(event.parts);
    return { id: event.id, subject: subjectOf(event, this.options), payload };
  }

  private async connect(signal: AbortSignal): Promise<Session> {
    if (this.session && !this.session.connection.isClosed) return this.session;
    await this.close();
    const connection = await NatsConnection.open(this.options, this.retention.eventsDays);
    if (signal.aborted) {
      await connection.close();
      throw signal.reason;
    }
    const session = { connection, last: null };
    this.session = session;
    const { warnings, ...report } = connection.report;
    this.logger.log({ event: 'event_relay.connected', ...report });
    for (const warning of warnings.filter((one) => !this.warned.has(one))) {
      this.warned.add(warning);
      this.logger.warn({ event: 'event_relay.not_durable', warning });
    }
    return session;
  }
}

/**
 * Reads the newest message of the stream. The events before it count only if the stream has them, too: a stream that was lost
 * has new events without the earlier ones, which an operator then repeats.
 *
 * @returns how many of the first events the stream has
 */
async function resume(session: Session, events: readonly EventMessage[]): Promise<number> {
  const { connection } = session;
  const { sequence, id } = await connection.last();
  // The server forgets the id at a restart, if the message is older than the duplicate window. It never forgets the number.
  session.last = { sequence, id: null };
  const newest = events.findLastIndex((event) => event.id === id);
  const hasFirst = newest <= 0 || (await connection.idAt(sequence - newest)) === events[0]?.id;
  return hasFirst ? newest + 1 : 0;
}

/** Rejects as soon as the signal is aborted. The work ends by itself when its connection is closed. */
async function rejectedWhenAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  let abort: () => void = () => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    abort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', abort);
  });
  work.catch(() => undefined);
  try {
    await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
