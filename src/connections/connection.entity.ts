import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { ConnectionStatus, StatusReason } from './connection-status';

/**
 * One end user's account at one provider. Its id is ours and stays, while Terra gives the account a new user id each
 * time that it is connected again: those are rows of {@link ConnectionIdentity}.
 */
@Entity({ schema: 'terra_connect', name: 'connections' })
export class Connection {
  @PrimaryColumn({ type: 'uuid', name: 'id' })
  id: string;

  @Column({ type: 'text', name: 'reference_id' })
  referenceId: string;

  @Column({ type: 'text', name: 'provider' })
  provider: string;

  /** The identity that counts now. */
  @Column({ type: 'text', name: 'terra_user_id' })
  terraUserId: string;

  @Column({ type: 'text', name: 'status' })
  status: ConnectionStatus;

  @Column({ type: 'text', name: 'status_reason', nullable: true })
  statusReason: StatusReason | null;

  /** When the fact behind the status happened, by Terra's word. */
  @Column({ type: 'timestamptz', name: 'status_at' })
  statusAt: Date;

  @Column({ type: 'text', name: 'scopes', array: true })
  scopes: string[];

  @Column({ type: 'timestamptz', name: 'connected_at' })
  connectedAt: Date;

  @Column({ type: 'timestamptz', name: 'disconnected_at', nullable: true })
  disconnectedAt: Date | null;

  /** The Terra user for whose sake the row was made: whichever connection has it now may go by this id. */
  @Column({ type: 'text', name: 'origin_terra_user_id' })
  originTerraUserId: string;

  /** Set when it turned out to be the same account as another connection; that one is the truth. */
  @Column({ type: 'uuid', name: 'merged_into', nullable: true })
  mergedInto: string | null;

  /** Of the provider's own id of the account, once its athlete data has named it; recognises it, and cannot be read. */
  @Column({ type: 'bytea', name: 'account_digest', nullable: true })
  accountDigest: Buffer | null;

  /** When health data last came for it, to the hour. */
  @Column({ type: 'timestamptz', name: 'last_data_at', nullable: true })
  lastDataAt: Date | null;

  /** When its end user was last compared with what Terra says. */
  @Column({ type: 'timestamptz', name: 'reconciled_at', nullable: true })
  reconciledAt: Date | null;

  /** When that is due again. */
  @Column({ type: 'timestamptz', name: 'reconcile_at' })
  reconcileAt: Date;

  @Column({ type: 'timestamptz', name: 'created_at' })
  createdAt: Date;

  @Column({ type: 'timestamptz', name: 'updated_at' })
  updatedAt: Date;
}
