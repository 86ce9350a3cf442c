import { randomUUID } from 'node:crypto';
import type { TerraEvent } from '../account/events';
import { toWireUser, type LinkedUser } from '../account/linked-user';
import { InvalidRequestError, type Behaviour } from '../behaviour';
import type { Delivery, EmitOptions } from '../webhooks/delivery';
import type { WebhookDispatcher } from '../webhooks/dispatcher';
import { dayDataEvent, latestDataEvent, objectsOfDays, type DataType, type DayDataType } from './data-events';
import { localDay } from './local-time';
import { pointerEvent, type PayloadStore } from './payload-store';
import { sourceOf } from './source';

export interface DataSenderDependencies {
  behaviour: Behaviour;
  dispatcher: WebhookDispatcher;
  payloads: PayloadStore;
  now: () => number;
}

export interface HistoryRequest {
  days: number;
  types: readonly DayDataType[];
  objectsPerChunk: number;
}

/** What a history consists of, under one `terra-reference`. */
export interface SentHistory {
  reference: string;
  chunks: number;
  objects: number;
}

/** Limits the memory for histories and large bodies that a receiver has not accepted yet. */
const MAX_BULK_BYTES = 64 * 1_024 * 1_024;
/** Between the two announcements of a history, and before its first chunk. */
const HISTORY_STEP_MS = 50;
/** A day's walk on top of the plan: each update adds steps, less and less, up to this number. */
const MAX_WALKED_STEPS = 6_000;
const UPDATES_OF_A_WALK = 50;
const MAX_WALKS = 1_000;

/** Sends the health data of Terra users: the newest values, a history in chunks, a large body, or a pointer to a body. */
export class DataSender {
  private readonly bulk = new Set<Delivery>();
  /** By provider account, so that a reconnect loses no steps. */
  private readonly walks = new Map<string, { day: string; updates: number }>();

  constructor(private readonly deps: DataSenderDependencies) {}

  /** Each `daily` of a day has more steps than the one before, until a walk of 6,000 additional steps is over. */
  send(user: LinkedUser, type: DataType, options: EmitOptions = {}): Delivery {
    return this.publish(this.latestEvent(user, type), user, options);
  }

  /** Sends the newest data as a pointer to its body, or to any other URL, such as one that a receiver must not fetch. */
  sendPointer(user: LinkedUser, type: DataType, url: string | null): Delivery {
    const { behaviour, dispatcher, payloads } = this.deps;
    const pointer = url
      ? pointerEvent(url, behaviour.pointerSeconds)
      : payloads.pointerTo(JSON.stringify(this.latestEvent(user, type)));
    this.touch(user);
    return dispatcher.send(pointer);
  }

  /**
   * Sends the days as Terra answers a large request: an announcement, the number of payloads, and the payloads, each with
   * the shared reference and its own trace id, `<id>:chunk:<n>`.
   */
  sendHistory(user: LinkedUser, request: HistoryRequest): SentHistory {
    const { now } = this.deps;
    const reference = randomUUID();
    const events = request.types.flatMap((type) =>
      chunksOf(objectsOfDays(user, type, request.days, now()), request.objectsPerChunk).map((objects) =>
        dayDataEvent(user, type, objects),
      ),
    );
    const bodies = events.map((event) => JSON.stringify(event));
    this.reserve(bodies.reduce((sum, body) => sum + body.length, 0));
    const { dispatcher } = this.deps;
    dispatcher.send(largeRequestProcessing(user, reference), { reference });
    dispatcher.send(largeRequestSending(user, reference, events.length), {
      reference,
      delayMs: HISTORY_STEP_MS,
    });
    const trace = randomUUID();
    for (const [index, event] of events.entries()) {
      const chunk = { reference, traceId: `${trace}:chunk:${index + 1}`, delayMs: 2 * HISTORY_STEP_MS };
      this.bulk.add(this.publish(event, user, chunk));
    }
    const objects = events.reduce((sum, { data }) => sum + (data as unknown[]).length, 0);
    return { reference, chunks: events.length, objects };
  }

  /** Sends a `daily` with so many heart rate samples that its body has exactly this number of bytes. */
  sendLarge(user: LinkedUser, bytes: number): Delivery {
    this.reserve(bytes);
    const delivery = this.publish(this.latestEvent(user, 'daily'), user, {}, (event) =>
      enlarged(event, bytes),
    );
    this.bulk.add(delivery);
    return delivery;
  }

  /** Forgets the walks, and what was on its way. */
  reset(): void {
    this.bulk.clear();
    this.walks.clear();
  }

  private latestEvent(user: LinkedUser, type: DataType): TerraEvent {
    const at = this.deps.now();
    return latestDataEvent(user, type, at, type === 'daily' ? this.walk(user, at) : 0);
  }

  private publish(
    event: TerraEvent,
    user: LinkedUser,
    options: EmitOptions,
    write: (event: TerraEvent) => string = JSON.stringify,
  ): Delivery {
    const { behaviour, dispatcher, payloads } = this.deps;
    this.touch(user);
    if (behaviour.dataAs === 'pointer') return dispatcher.send(payloads.pointerTo(write(event)), options);
    return dispatcher.send(event, { ...options, rawBody: write(event) });
  }

  private touch(user: LinkedUser): void {
    user.lastWebhookUpdate = this.deps.now();
  }

  /** @throws InvalidRequestError while too many bytes of earlier histories and large bodies are on their way */
  private reserve(bytes: number): void {
    for (const delivery of this.bulk) if (isSettled(delivery)) this.bulk.delete(delivery);
    const onTheWay = [...this.bulk].reduce((sum, { body }) => sum + body.length, 0);
    if (onTheWay + bytes > MAX_BULK_BYTES) {
      throw new InvalidRequestError(
        'Too much data is on its way already: wait until the receiver has accepted it, or reset the sandbox.',
      );
    }
  }

  private walk(user: LinkedUser, at: number): number {
    const { seed, person } = sourceOf(user);
    const day = localDay(at, person.zoneMinutes);
    const before = this.walks.get(seed);
    const updates = before?.day === day ? before.updates + 1 : 0;
    this.walks.delete(seed);
    this.walks.set(seed, { day, updates });
    const [oldest] = this.walks.keys();
    if (this.walks.size > MAX_WALKS && oldest) this.walks.delete(oldest);
    return Math.round(MAX_WALKED_STEPS * (1 - Math.exp(-updates / UPDATES_OF_A_WALK)));
  }
}

function isSettled({ state }: Delivery): boolean {
  return state === 'delivered' || state === 'given-up' || state === 'dropped';
}

function chunksOf<T>(list: T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, index) =>
    list.slice(index * size, (index + 1) * size),
  );
}

function largeRequestProcessing(user: LinkedUser, reference: string): TerraEvent {
  return {
    type: 'large_request_processing',
    status: 'processing',
    message: 'the data of this request is being collected',
    user: toWireUser(user),
    reference,
  };
}

/** Terra's schema says `expected_payloads`; its documents and public consumers read `number_of_payloads`. */
function largeRequestSending(user: LinkedUser, reference: string, payloads: number): TerraEvent {
  return {
    type: 'large_request_sending',
    message: 'the data of this request is being sent',
    user: toWireUser(user),
    reference,
    expected_payloads: payloads,
    number_of_payloads: payloads,
  };
}

/** Repeats the heart rate samples, and fills up with spaces, which JSON allows at the end. */
function enlarged(event: TerraEvent, bytes: number): string {
  const [day] = event.data as { heart_rate_data: { detailed: { hr_samples: object[] } } }[];
  const { detailed } = day?.heart_rate_data ?? { detailed: { hr_samples: [] } };
  const samples = detailed.hr_samples;
  const bytesPerSample = JSON.stringify(samples).length / samples.length;
  const count =
    samples.length + Math.max(0, Math.floor((bytes - JSON.stringify(event).length) / (bytesPerSample + 2)));
  detailed.hr_samples = Array.from({ length: count }, (_, index) => samples[index % samples.length] ?? {});
  const text = JSON.stringify(event);
  return text + ' '.repeat(Math.max(0, bytes - Buffer.byteLength(text)));
}
