import type { EventType } from './event-types';
import type { OutgoingEvent } from './outgoing-event.entity';

const SEQUENCE_DIGITS = 19;

/** An event in the JSON format of CloudEvents 1.0. */
export interface CloudEvent {
  specversion: '1.0';
  id: string;
  type: EventType;
  /** The public URL of the service. */
  source: string;
  /** The reference id of the end user; absent if the event is about none. */
  subject?: string;
  /** When it happened, as an ISO 8601 time in UTC. */
  time: string;
  datacontenttype: 'application/json';
  /** The position of the event in the order of all events: 19 digits, so that texts sort like numbers. */
  sequence: string;
  data: Record<string, unknown>;
}

/** An event as it leaves the service. */
export interface EventMessage {
  id: string;
  type: EventType;
  position: number;
  /** null: the event is about no end user. Events of one reference leave in their order. */
  referenceId: string | null;
  /** The CloudEvent as JSON in UTF-8, in parts that follow each other: so the body of a data event is not copied. */
  parts: readonly Buffer[];
}

export function toCloudEvent(event: OutgoingEvent, source: string): CloudEvent {
  return { ...toEnvelope(event, source), data: JSON.parse(event.data) as Record<string, unknown> };
}

/** @param body Terra's body in parts, which becomes `payload` in the data as it is; null for an event without one */
export function toMessage(
  event: OutgoingEvent,
  source: string,
  body: readonly Buffer[] | null,
): EventMessage {
  const { id, type, referenceId } = event;
  const head = `${JSON.stringify(toEnvelope(event, source)).slice(0, -1)},"data":`;
  const parts =
    body === null
      ? [Buffer.from(`${head}${event.data}}`)]
      : [Buffer.from(`${head}${event.data.slice(0, -1)},"payload":`), ...body, Buffer.from('}}')];
  return { id, type, position: Number(event.position), referenceId, parts };
}

export function sizeOf({ parts }: Pick<EventMessage, 'parts'>): number {
  return parts.reduce((bytes, { length }) => bytes + length, 0);
}

function toEnvelope(event: OutgoingEvent, source: string): Omit<CloudEvent, 'data'> {
  return {
    specversion: '1.0',
    id: event.id,
    type: event.type,
    source,
    ...(event.referenceId === null ? {} : { subject: event.referenceId }),
    time: event.occurredAt.toISOString(),
    datacontenttype: 'application/json',
    sequence: String(event.position).padStart(SEQUENCE_DIGITS, '0'),
  };
}

/**
 * The event without its data, for a way out that cannot carry it: `dataref` (CloudEvents' extension for the claim check
 * pattern) is the URL from which a consumer gets the data.
 */
export function toClaimCheck({ id, parts }: EventMessage, source: string): string {
  const json = String(parts[0]);
  // A text in JSON has no bare quote, so this is the end of the head that `toMessage` has written.
  const head = json.slice(0, json.indexOf(',"data":'));
  return `${head},"dataref":${JSON.stringify(`${source}/v1/events/${id}/data`)}}`;
}
