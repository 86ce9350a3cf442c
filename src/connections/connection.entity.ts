import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { ConnectionStatus } from './connection-status';

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
  statusReason: string | null;

  /** When the fact behind the status happened, by Terra's word. Older news does not change the status any more. */
  @Column({ type: 'timestamptz', name: 'status_at' })
  statusAt: Date;

  @Column({ type: 'text', name: 'scopes', array: true })
  scopes: string[];

  @Column({ type: 'timestamptz', name: 'scopes_at' })
  scopesAt: Date;

  @Column({ type: 'timestamptz', name: 'connected_at' })
  connectedAt: Date;

  @Column({ type: 'timestamptz', name: 'disconnected_at', nullable: true })
  disconnectedAt: Date | null;

  /** Set when it turned out to be the same account as another connection; that one is the truth. */
  @Column({ type: 'uuid', name: 'merged_into', nullable: true })
  mergedInto: string | null;

  @Column({ type: 'timestamptz', name: 'created_at' })
  createdAt: Date;

  @Column({ type: 'timestamptz', name: 'updated_at' })
  updatedAt: Date;
}
