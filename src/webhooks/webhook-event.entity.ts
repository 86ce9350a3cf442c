import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * - `pending` waits for the worker; `done` applied; `ignored` of no meaning to us
 * - `parked` true, but about nobody we know yet, or contradictory: kept, changes nothing
 * - `dead` failed every attempt; `note` has the error
 */
export const WEBHOOK_EVENT_STATUSES = ['pending', 'done', 'ignored', 'parked', 'dead_lettered'] as const;
export type WebhookEventStatus = (typeof WEBHOOK_EVENT_STATUSES)[number];

/** The note of an event that is parked until its Terra user has an owner. */
export const WAITS_FOR_OWNER = 'nobody has told us yet whose Terra user this is';

/** The note of an event about somebody who was erased: whom it was about is not kept. */
export const HAS_BEEN_ERASED = 'the end user has been erased';

/** One delivery of Terra's, stored once. */
@Entity({ schema: 'terra_connect', name: 'webhook_events' })
export class WebhookEvent {
  @PrimaryColumn({ type: 'uuid', name: 'id' })
  id: string;

  /** `trace:<X-Terra-Trace-Id>`, else `body:<digest>`. Not `terra-reference`: chunks of one request share it. */
  @Column({ type: 'text', name: 'dedupe_key' })
  dedupeKey: string;

  /** The trace id is not signed. The same signature under another trace id is a replay. */
  @Column({ type: 'bytea', name: 'signature_digest' })
  signatureDigest: Buffer;

  @Column({ type: 'text', name: 'trace_id', nullable: true })
  traceId: string | null;

  @Column({ type: 'text', name: 'terra_reference', nullable: true })
  terraReference: string | null;

  @Column({ type: 'timestamptz', name: 'signed_at' })
  signedAt: Date;

  /** When Terra emitted the event, the same on every retry; null when it did not say. */
  @Column({ type: 'timestamptz', name: 'occurred_at', nullable: true })
  occurredAt: Date | null;

  @Column({ type: 'timestamptz', name: 'received_at' })
  receivedAt: Date;

  /** As it was signed; of health data only the envelope is kept once it is worked off. */
  @Column({ type: 'bytea', name: 'body' })
  body: Buffer;

  @Column({ type: 'text', name: 'type', nullable: true })
  type: string | null;

  @Column({ type: 'text', name: 'terra_user_id', nullable: true })
  terraUserId: string | null;

  /** Whom the event names; like `type` and `terraUserId` known once somebody has read the body. */
  @Column({ type: 'text', name: 'reference_id', nullable: true })
  referenceId: string | null;

  @Column({ type: 'text', name: 'status' })
  status: WebhookEventStatus;

  @Column({ type: 'integer', name: 'attempts' })
  attempts: number;

  @Column({ type: 'timestamptz', name: 'next_attempt_at' })
  nextAttemptAt: Date;

  @Column({ type: 'text', name: 'note', nullable: true })
  note: string | null;

  @Column({ type: 'timestamptz', name: 'processed_at', nullable: true })
  processedAt: Date | null;

  /** How often a person has had it worked off again, when last, and who: an API key's id, or `cli`. */
  @Column({ type: 'integer', name: 'replays' })
  replays: number;

  @Column({ type: 'timestamptz', name: 'replayed_at', nullable: true })
  replayedAt: Date | null;

  @Column({ type: 'text', name: 'replayed_by', nullable: true })
  replayedBy: string | null;
}
