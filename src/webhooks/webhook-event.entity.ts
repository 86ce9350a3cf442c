import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * - `pending` waits for the worker; `done` applied; `ignored` without effect here
 * - `parked` stored but without effect: its Terra user has no known owner yet, or it contradicts itself
 * - `dead_lettered` every attempt failed; `note` has the error
 */
export const WEBHOOK_EVENT_STATUSES = ['pending', 'done', 'ignored', 'parked', 'dead_lettered'] as const;
export type WebhookEventStatus = (typeof WEBHOOK_EVENT_STATUSES)[number];

/** The note of an event that is parked until its Terra user has an owner. Stored: parked events are found by it. */
export const WAITS_FOR_OWNER = 'the owner of the Terra user is not known yet';

/** The note of an event about an erased end user, whom the row no longer names. */
export const HAS_BEEN_ERASED = 'the end user has been erased';

/** One row per delivery of Terra; a repeated delivery adds none. */
@Entity({ schema: 'terra_connect', name: 'webhook_events' })
export class WebhookEvent {
  @PrimaryColumn({ type: 'uuid', name: 'id' })
  id: string;

  /** `trace:<X-Terra-Trace-Id>`, otherwise `body:<digest>`. Not `terra-reference`: chunks of one request share it. */
  @Column({ type: 'text', name: 'dedupe_key' })
  dedupeKey: string;

  /** The trace id is not signed, so the same signature under another trace id is a replay. */
  @Column({ type: 'bytea', name: 'signature_digest' })
  signatureDigest: Buffer;

  @Column({ type: 'text', name: 'trace_id', nullable: true })
  traceId: string | null;

  @Column({ type: 'text', name: 'terra_reference', nullable: true })
  terraReference: string | null;

  @Column({ type: 'timestamptz', name: 'signed_at' })
  signedAt: Date;

  /** `X-Terra-Ordering-Timestamp`: when Terra says it happened, equal on every retry; null when Terra does not say. */
  @Column({ type: 'timestamptz', name: 'occurred_at', nullable: true })
  occurredAt: Date | null;

  @Column({ type: 'timestamptz', name: 'received_at' })
  receivedAt: Date;

  /** The signed bytes. Of processed health data only the envelope is kept. */
  @Column({ type: 'bytea', name: 'body' })
  body: Buffer;

  /** Terra's type. Like `terraUserId` and `referenceId` it is null until the body was read. */
  @Column({ type: 'text', name: 'type', nullable: true })
  type: string | null;

  @Column({ type: 'text', name: 'terra_user_id', nullable: true })
  terraUserId: string | null;

  @Column({ type: 'text', name: 'reference_id', nullable: true })
  referenceId: string | null;

  @Column({ type: 'text', name: 'status' })
  status: WebhookEventStatus;

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

  /** Who replayed it last: an API key's id, or `cli`. */
  @Column({ type: 'text', name: 'replayed_by', nullable: true })
  replayedBy: string | null;
}
