import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One row per provider that Terra's catalogue had, or that connections have: its presence in the catalogue. */
@Entity({ schema: 'terra_connect', name: 'catalogue_providers', synchronize: false })
export class CatalogueProvider {
  @PrimaryColumn({ type: 'text', name: 'provider' })
  provider: string;

  /** When a catalogue last had the provider; null if none had it. */
  @Column({ type: 'timestamptz', name: 'seen_at', nullable: true })
  seenAt: Date | null;

  /** When the first catalogue in a row lacked the provider. */
  @Column({ type: 'timestamptz', name: 'missing_since', nullable: true })
  missingSince: Date | null;

  /** When the service retired the provider; null while it is not retired. */
  @Column({ type: 'timestamptz', name: 'retired_at', nullable: true })
  retiredAt: Date | null;

  /** When a catalogue had the retired provider again. */
  @Column({ type: 'timestamptz', name: 'returned_at', nullable: true })
  returnedAt: Date | null;

  /** Whether the worker must go through the provider's connections, to tell them that it is retired or has returned. */
  @Column({ type: 'boolean', name: 'is_pass_due' })
  isPassDue: boolean;

  /** The connection after which the pass continues; null: it starts. */
  @Column({ type: 'uuid', name: 'pass_after', nullable: true })
  passAfter: string | null;

  /** How many live connections a retired provider had at the end of the last pass. */
  @Column({ type: 'integer', name: 'live_connections' })
  liveConnections: number;
}
