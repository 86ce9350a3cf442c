import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { FactCause, FactKind, FactSource } from './connection-fact';

/** One row per fact about a Terra user. A fact never changes; retention and erasures remove facts or their ids. */
@Entity({ schema: 'terra_connect', name: 'connection_facts', synchronize: false })
export class ConnectionFact {
  @PrimaryColumn({ type: 'uuid', name: 'id' })
  id: string;

  /** Equal facts have equal keys; see `factKey`. */
  @Column({ type: 'bytea', name: 'fact_key' })
  factKey: Buffer;

  @Column({ type: 'text', name: 'terra_user_id' })
  terraUserId: string;

  @Column({ type: 'text', name: 'kind' })
  kind: FactKind;

  @Column({ type: 'text', name: 'cause' })
  cause: FactCause;

  @Column({ type: 'text', name: 'source' })
  source: FactSource;

  /** When Terra says it happened; facts are ordered by this, not by arrival. */
  @Column({ type: 'timestamptz', name: 'occurred_at' })
  occurredAt: Date;

  @Column({ type: 'text', name: 'reference_id', nullable: true })
  referenceId: string | null;

  @Column({ type: 'text', name: 'provider', nullable: true })
  provider: string | null;

  @Column({ type: 'text', name: 'old_terra_user_id', nullable: true })
  oldTerraUserId: string | null;

  @Column({ type: 'text', name: 'old_reference_id', nullable: true })
  oldReferenceId: string | null;

  @Column({ type: 'text', name: 'scopes', array: true, nullable: true })
  scopes: string[] | null;

  @Column({ type: 'text', name: 'scopes_added', array: true })
  scopesAdded: string[];

  @Column({ type: 'text', name: 'scopes_removed', array: true })
  scopesRemoved: string[];

  @Column({ type: 'text', name: 'actor', nullable: true })
  actor: string | null;

  @Column({ type: 'text', name: 'reason', nullable: true })
  reason: string | null;

  @Column({ type: 'text', name: 'source_id', nullable: true })
  sourceId: string | null;

  /** Whether the fact decides the state of its Terra user, or may decide it after another fact; see `compactFacts`. */
  @Column({ type: 'boolean', name: 'decides' })
  decides: boolean;

  /** The changes of scopes by earlier facts that are not read any more, as JSON; see `ScopeMark`. */
  @Column({ type: 'text', name: 'scope_digest', nullable: true })
  scopeDigest: string | null;

  @Column({ type: 'timestamptz', name: 'recorded_at' })
  recordedAt: Date;
}
