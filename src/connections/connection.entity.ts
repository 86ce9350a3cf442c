import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { ConnectionStatus, StatusReason } from './connection-status';

/**
 * One row per end user's account at a provider. Its id is ours and never changes, while Terra creates another Terra
 * user at each reconnect. `ConnectionIdentity` has one row per Terra user.
 */
@Entity({ schema: 'terra_connect', name: 'connections', synchronize: false })
export class Connection {
  @PrimaryColumn({ type: 'uuid', name: 'id' })
  id: string;

  @Column({ type: 'text', name: 'reference_id' })
  referenceId: string;

  @Column({ type: 'text', name: 'provider' })
  provider: string;

  /** The current Terra user. */
  @Column({ type: 'text', name: 'terra_user_id' })
  terraUserId: string;

  @Column({ type: 'text', name: 'status' })
  status: ConnectionStatus;

  @Column({ type: 'text', name: 'status_reason', nullable: true })
  statusReason: StatusReason | null;

  /** When the fact that decides the status occurred. */
  @Column({ type: 'timestamptz', name: 'status_at' })
  statusAt: Date;

  @Column({ type: 'text', name: 'scopes', array: true })
  scopes: string[];

  @Column({ type: 'timestamptz', name: 'connected_at' })
  connectedAt: Date;

  @Column({ type: 'timestamptz', name: 'disconnected_at', nullable: true })
  disconnectedAt: Date | null;

  /** The Terra user for which the projector inserted the row. The projector later finds the row by it. */
  @Column({ type: 'text', name: 'origin_terra_user_id' })
  originTerraUserId: string;

  /** For a duplicate of the same account: the id of the current connection. */
  @Column({ type: 'uuid', name: 'merged_into', nullable: true })
  mergedInto: string | null;

  /**
   * For a provisional connection, which callers do not see yet: when to check next whether it continues another one; null
   * for every other connection. A merged connection keeps the time until its sessions are completed.
   */
  @Column({ type: 'timestamptz', name: 'provisional_check_at', nullable: true })
  provisionalCheckAt: Date | null;

  /** The connection at another provider that this one succeeds; of several, the one that was linked last. */
  @Column({ type: 'uuid', name: 'succeeds', nullable: true })
  succeeds: string | null;

  /** The connection at another provider that succeeds this one. */
  @Column({ type: 'uuid', name: 'succeeded_by', nullable: true })
  succeededBy: string | null;

  /** When the Terra user of that connection was linked. Terra users of this connection that are linked later stay. */
  @Column({ type: 'timestamptz', name: 'succeeded_at', nullable: true })
  succeededAt: Date | null;

  /** A digest of the provider's own id of the account; null until athlete data names this id. */
  @Column({ type: 'bytea', name: 'account_digest', nullable: true })
  accountDigest: Buffer | null;

  /** When health data last arrived; up to one hour behind. */
  @Column({ type: 'timestamptz', name: 'last_data_at', nullable: true })
  lastDataAt: Date | null;

  /** When the service last reconciled the end user with Terra. */
  @Column({ type: 'timestamptz', name: 'reconciled_at', nullable: true })
  reconciledAt: Date | null;

  /** When the next reconcile of the end user is due. */
  @Column({ type: 'timestamptz', name: 'reconcile_at' })
  reconcileAt: Date;

  @Column({ type: 'timestamptz', name: 'created_at' })
  createdAt: Date;

  @Column({ type: 'timestamptz', name: 'updated_at' })
  updatedAt: Date;
}
