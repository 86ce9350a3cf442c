import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * - `pending` the worker will process the event, or fetch the payload of a pointer
 * - `done` the service has applied it
 * - `ignored` the event needs no action
 * - `parked` without effect yet: the owner of its Terra user is unknown, or it contradicts itself or the known owner
 * - `dead_lettered` every attempt failed, or the body is unreadable; `note` has the error
 */
export const WEBHOOK_EVENT_STATUSES = ['pending', 'done', 'ignored', 'parked', 'dead_lettered'] as const;
export type WebhookEventStatus = (typeof WEBHOOK_EVENT_STATUSES)[number];

/** Events of one lane never wait for events of another: events about links, health data, and large bodies. */
export const LANES = { links: 0, data: 1, largeBodies: 2 } as const;
export type Lane = (typeof LANES)[keyof typeof LANES];

/** Pointers that wait until their payload is fetched: a lane beside those of the inbox. */
export const POINTER_LANE = 3;

/** The note of an event that is parked until its Terra user has an owner. The worker finds such events by this text. */
export const WAITS_FOR_OWNER = 'the owner of the Terra user is not known yet';

/** The note of a data event that is parked until it is clear whether it may leave. The worker finds such events by this text. */
export const DATA_WAITS = 'the data waits until the connection of its Terra user is known';

/** The notes of events that are parked until their Terra user has an owner. */
export const WAITING_NOTES: readonly string[] = [WAITS_FOR_OWNER, DATA_WAITS];

/** The note of an event about an erased end user. The row no longer names the end user. */
export const HAS_BEEN_ERASED = 'the end user has been erased';

/** One row per delivery of Terra; a repeated delivery adds none. */
@Entity({ schema: 'terra_connect', name: 'webhook_events', synchronize: false })
export class WebhookEvent {
  @PrimaryColumn({ type: 'uuid', name: 'id' })
  id: string;

  @Column({ type: 'text', name: 'trace_id', nullable: true })
  traceId: string | null;

  /** Whether an earlier delivery with the same trace id had another body. Terra's ids are unique, but not signed. */
  @Column({ type: 'boolean', name: 'trace_id_reused' })
  traceIdReused: boolean;

  @Column({ type: 'text', name: 'terra_reference', nullable: true })
  terraReference: string | null;

  @Column({ type: 'timestamptz', name: 'signed_at' })
  signedAt: Date;

  /** `X-Terra-Ordering-Timestamp`: when Terra says the event occurred, equal on every retry; null if absent or implausible. */
  @Column({ type: 'timestamptz', name: 'occurred_at', nullable: true })
  occurredAt: Date | null;

  @Column({ type: 'timestamptz', name: 'received_at' })
  receivedAt: Date;

  /** The signed bytes. After processing, the service keeps only the envelope of health data. */
  @Column({ type: 'bytea', name: 'body' })
  body: Buffer;

  /** Terra's type. Like `terraUserId` and `referenceId`, it is null until the service has read the body. */
  @Column({ type: 'text', name: 'type', nullable: true })
  type: string | null;

  @Column({ type: 'text', name: 'terra_user_id', nullable: true })
  terraUserId: string | null;

  @Column({ type: 'text', name: 'reference_id', nullable: true })
  referenceId: string | null;

  @Column({ type: 'text', name: 'status' })
  status: WebhookEventStatus;

  /** From the bytes of the body when the delivery was stored. It decides the order of processing, and nothing else. */
  @Column({ type: 'smallint', name: 'lane' })
  lane: Lane | typeof POINTER_LANE;

  /** How many attempts have failed. */
  @Column({ type: 'integer', name: 'attempts' })
  attempts: number;

  @Column({ type: 'timestamptz', name: 'next_attempt_at' })
  nextAttemptAt: Date;

  @Column({ type: 'text', name: 'note', nullable: true })
  note: string | null;

  @Column({ type: 'timestamptz', name: 'processed_at', nullable: true })
  processedAt: Date | null;

  @Column({ type: 'integer', name: 'replays' })
  replays: number;

  @Column({ type: 'timestamptz', name: 'replayed_at', nullable: true })
  replayedAt: Date | null;

  /** Who requested the last replay: an API key's id, or `cli`. */
  @Column({ type: 'text', name: 'replayed_by', nullable: true })
  replayedBy: string | null;
}
