import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * - `requested`: a caller disabled the endpoint
 * - `gone`: the receiver answered 410
 * - `failing`: every delivery of five days failed
 */
export const DISABLED_REASONS = ['requested', 'gone', 'failing'] as const;
export type DisabledReason = (typeof DISABLED_REASONS)[number];

/** One row per webhook endpoint of a caller: where the service sends events, and which ones. */
@Entity({ schema: 'terra_connect', name: 'event_endpoints', synchronize: false })
export class EventEndpoint {
  @PrimaryColumn({ type: 'uuid', name: 'id' })
  id: string;

  /** May contain a token of the receiver, so it stays out of logs. */
  @Column({ type: 'text', name: 'url' })
  url: string;

  @Column({ type: 'text', name: 'description', nullable: true })
  description: string | null;

  /** Types, and groups of types such as `connection.*` (`event-type-patterns.ts`). */
  @Column({ type: 'text', name: 'types', array: true })
  types: string[];

  @Column({ type: 'boolean', name: 'enabled' })
  enabled: boolean;

  /** null while the endpoint is enabled. */
  @Column({ type: 'text', name: 'disabled_reason', nullable: true })
  disabledReason: DisabledReason | null;

  /** `whsec_` and base64. */
  @Column({ type: 'text', name: 'secret' })
  secret: string;

  /** Also signs until `previousSecretUntil`, so that a receiver can change its secret at any moment before. */
  @Column({ type: 'text', name: 'previous_secret', nullable: true })
  previousSecret: string | null;

  @Column({ type: 'timestamptz', name: 'previous_secret_until', nullable: true })
  previousSecretUntil: Date | null;

  /** When the first of the deliveries failed since the last accepted one; null: the last one was accepted. */
  @Column({ type: 'timestamptz', name: 'failing_since', nullable: true })
  failingSince: Date | null;

  @Column({ type: 'timestamptz', name: 'created_at' })
  createdAt: Date;

  @Column({ type: 'timestamptz', name: 'updated_at' })
  updatedAt: Date;

  /** A deleted endpoint is invisible. Its row goes when its deliveries are gone. */
  @Column({ type: 'timestamptz', name: 'deleted_at', nullable: true })
  deletedAt: Date | null;
}
