import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

@Entity({ schema: 'peer', name: 'api_keys' })
export class ApiKey {
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  @Column({ type: 'bytea', name: 'key_hash' })
  keyHash: Buffer;

  @Column({ type: 'text', array: true })
  scopes: string[];
}

@Entity({ schema: 'peer', name: 'receipts' })
export class Receipt {
  @PrimaryColumn({ type: 'bytea' })
  digest: Buffer;

  @Column({ type: 'timestamptz', name: 'received_at' })
  receivedAt: Date;
}

@Entity({ schema: 'peer', name: 'events' })
export class Event {
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  @Column({ type: 'text', name: 'trace_id', nullable: true })
  traceId: string | null;

  @Column({ type: 'timestamptz', name: 'signed_at' })
  signedAt: Date;

  @Column({ type: 'timestamptz', name: 'received_at' })
  receivedAt: Date;

  @Column({ type: 'bytea' })
  body: Buffer;

  @Column({ type: 'text' })
  status: string;

  @Column({ type: 'timestamptz', name: 'next_attempt_at' })
  nextAttemptAt: Date;
}

@Entity({ schema: 'peer', name: 'connections' })
export class Connection {
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  @Index()
  @Column({ type: 'text', name: 'reference_id' })
  referenceId: string;

  @Column({ type: 'text' })
  provider: string;

  @Column({ type: 'text', name: 'terra_user_id', unique: true })
  terraUserId: string;

  @Column({ type: 'text' })
  status: string;

  @Column({ type: 'text', name: 'status_reason', nullable: true })
  statusReason: string | null;

  @Column({ type: 'text', array: true })
  scopes: string[];

  @Column({ type: 'timestamptz', name: 'connected_at' })
  connectedAt: Date;

  @Column({ type: 'timestamptz', name: 'disconnected_at', nullable: true })
  disconnectedAt: Date | null;

  @Column({ type: 'timestamptz', name: 'last_data_at', nullable: true })
  lastDataAt: Date | null;

  @Column({ type: 'timestamptz', name: 'updated_at' })
  updatedAt: Date;
}

@Entity({ schema: 'peer', name: 'sessions' })
export class Session {
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  @Column({ type: 'text', name: 'reference_id' })
  referenceId: string;

  @Column({ type: 'text' })
  status: string;

  @Column({ type: 'text', array: true })
  providers: string[];

  @Column({ type: 'text', name: 'return_url', nullable: true })
  returnUrl: string | null;

  @Column({ type: 'jsonb', nullable: true })
  metadata: object | null;

  @Column({ type: 'text', name: 'connect_token' })
  connectToken: string;

  @Column({ type: 'bytea', name: 'return_nonce_hash' })
  returnNonceHash: Buffer;

  @Column({ type: 'text', name: 'terra_session_id', nullable: true })
  terraSessionId: string | null;

  @Column({ type: 'text', name: 'widget_url', nullable: true })
  widgetUrl: string | null;

  @Column({ type: 'uuid', name: 'api_key_id' })
  apiKeyId: string;

  @Column({ type: 'timestamptz', name: 'created_at' })
  createdAt: Date;

  @Column({ type: 'timestamptz', name: 'expires_at' })
  expiresAt: Date;
}
