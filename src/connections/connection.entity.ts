import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { ConnectionStatus, StatusReason } from './connection-status';

/**
 * One row per end user's account at a provider. Its id is ours and stays, while Terra gives the account a new user id at
 * each reconnect: those ids are rows of `ConnectionIdentity`.
 */
@Entity({ schema: 'terra_connect', name: 'connections' })
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

  /** When the fact behind the status occurred. */
  @Column({ type: 'timestamptz', name: 'status_at' })
  statusAt: Date;

  @Column({ type: 'text', name: 'scopes', array: true })
  scopes: string[];

  @Column({ type: 'timestamptz', name: 'connected_at' })
  connectedAt: Date;

  @Column({ type: 'timestamptz', name: 'disconnected_at', nullable: true })
  disconnectedAt: Date | null;

  /** The Terra user that the row was made for. A connection has the id of a row that was made for one of its Terra users. */
  @Column({ type: 'text', name: 'origin_terra_user_id' })
  originTerraUserId: string;

  /** The connection that turned out to be the same account; that one is current. */
  @Column({ type: 'uuid', name: 'merged_into', nullable: true })
  mergedInto: string | null;

  /** A digest of the provider's own id of the account, once athlete data has named it. */
  @Column({ type: 'bytea', name: 'account_digest', nullable: true })
  accountDigest: Buffer | null;

  /** When health data last came, to the hour. */
  @Column({ type: 'timestamptz', name: 'last_data_at', nullable: true })
  lastDataAt: Date | null;

  /** When the end user was last reconciled with Terra. */
  @Column({ type: 'timestamptz', name: 'reconciled_at', nullable: true })
  reconciledAt: Date | null;

  /** When the end user is due to be reconciled again. */
  @Column({ type: 'timestamptz', name: 'reconcile_at' })
  reconcileAt: Date;

  @Column({ type: 'timestamptz', name: 'created_at' })
  createdAt: Date;

  @Column({ type: 'timestamptz', name: 'updated_at' })
  updatedAt: Date;
}
