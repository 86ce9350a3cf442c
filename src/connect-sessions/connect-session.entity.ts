import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { ConnectSessionStatus, FailureReason } from './connect-session-status';

/** One row per attempt of an end user to connect an account. */
@Entity({ schema: 'terra_connect', name: 'connect_sessions', synchronize: false })
export class ConnectSession {
  @PrimaryColumn({ type: 'uuid', name: 'id' })
  id: string;

  @Column({ type: 'text', name: 'reference_id' })
  referenceId: string;

  @Column({ type: 'text', name: 'status' })
  status: ConnectSessionStatus;

  /** Why the service ended the session: one of our codes. */
  @Column({ type: 'text', name: 'failure_reason', nullable: true })
  failureReason: FailureReason | null;

  /** Why the attempt failed at the provider or at Terra, in their words: a text from outside, never one of our codes. */
  @Column({ type: 'text', name: 'provider_reason', nullable: true })
  providerReason: string | null;

  /** Upper-case codes; empty: all providers that your Terra account has enabled. */
  @Column({ type: 'text', name: 'providers', array: true })
  providers: string[];

  /** A canonical BCP 47 tag; rows of 0.1.0 may hold Terra's form, such as `zh_cn`. */
  @Column({ type: 'text', name: 'language', nullable: true })
  language: string | null;

  @Column({ type: 'boolean', name: 'show_disconnect' })
  showDisconnect: boolean;

  @Column({ type: 'boolean', name: 'multi_auth' })
  multiAuth: boolean;

  @Column({ type: 'boolean', name: 'use_terra_avengers_app' })
  useTerraAvengersApp: boolean;

  @Column({ type: 'text', name: 'apple_app_url', nullable: true })
  appleAppUrl: string | null;

  @Column({ type: 'text', name: 'samsung_app_url', nullable: true })
  samsungAppUrl: string | null;

  /** Terra users that the widget shows as connected. */
  @Column({ type: 'text', name: 'connected_uids', array: true })
  connectedUids: string[];

  /** null: Terra decides. */
  @Column({ type: 'boolean', name: 'bypass_feedback', nullable: true })
  bypassFeedback: boolean | null;

  @Column({ type: 'text', name: 'return_url', nullable: true })
  returnUrl: string | null;

  @Column({ type: 'text', name: 'failure_return_url', nullable: true })
  failureReturnUrl: string | null;

  @Column({ type: 'jsonb', name: 'metadata', nullable: true })
  metadata: Record<string, unknown> | null;

  /** Until when the end user can renew the session after it has expired; null: not at all. */
  @Column({ type: 'timestamptz', name: 'renewable_until', nullable: true })
  renewableUntil: Date | null;

  /** How many sessions came before this one in a row of renewals. */
  @Column({ type: 'integer', name: 'renewals' })
  renewals: number;

  /** The expired session that this one replaces. */
  @Column({ type: 'uuid', name: 'renewed_from', nullable: true })
  renewedFrom: string | null;

  /** The session that replaced this one. */
  @Column({ type: 'uuid', name: 'renewed_by', nullable: true })
  renewedBy: string | null;

  /** The secret in our connect URL. It is stored as text, like the widget URL that it leads to. */
  @Column({ type: 'text', name: 'connect_token' })
  connectToken: string;

  /** The hash of the secret in the callback URLs, which only Terra gets. */
  @Column({ type: 'bytea', name: 'return_nonce_hash' })
  returnNonceHash: Buffer;

  @Column({ type: 'timestamptz', name: 'return_spent_at', nullable: true })
  returnSpentAt: Date | null;

  /** When the browser first came back on the success URL. A failure may have used up the nonce before. */
  @Column({ type: 'timestamptz', name: 'success_callback_at', nullable: true })
  successCallbackAt: Date | null;

  /** The Terra user that the callback names; unsigned, so no proof. */
  @Column({ type: 'text', name: 'check_user_id', nullable: true })
  checkUserId: string | null;

  /** When to ask Terra about that Terra user again; null: not at all. */
  @Column({ type: 'timestamptz', name: 'check_at', nullable: true })
  checkAt: Date | null;

  /** How many checks a worker has started since the callback. */
  @Column({ type: 'integer', name: 'checks' })
  checks: number;

  @Column({ type: 'text', name: 'terra_session_id', nullable: true })
  terraSessionId: string | null;

  /** The connection that the session reconnects; null if it connects a new account. */
  @Column({ type: 'uuid', name: 'reconnects_connection_id', nullable: true })
  reconnectsConnectionId: string | null;

  /** The Terra user of that connection when the session was created. */
  @Column({ type: 'text', name: 'reconnects_terra_user_id', nullable: true })
  reconnectsTerraUserId: string | null;

  /** null until Terra has answered. */
  @Column({ type: 'text', name: 'widget_url', nullable: true })
  widgetUrl: string | null;

  @Column({ type: 'text', name: 'widget_generation', nullable: true })
  widgetGeneration: string | null;

  @Column({ type: 'text', name: 'warnings', array: true })
  warnings: string[];

  /** The API key that created the session; null if a host created it through `ConnectSessionsService`. */
  @Column({ type: 'uuid', name: 'api_key_id', nullable: true })
  apiKeyId: string | null;

  @Column({ type: 'text', name: 'idempotency_key', nullable: true })
  idempotencyKey: string | null;

  @Column({ type: 'bytea', name: 'idempotency_digest', nullable: true })
  idempotencyDigest: Buffer | null;

  @Column({ type: 'timestamptz', name: 'created_at' })
  createdAt: Date;

  @Column({ type: 'timestamptz', name: 'updated_at' })
  updatedAt: Date;

  @Column({ type: 'timestamptz', name: 'expires_at' })
  expiresAt: Date;

  @Column({ type: 'timestamptz', name: 'opened_at', nullable: true })
  openedAt: Date | null;

  @Column({ type: 'timestamptz', name: 'ended_at', nullable: true })
  endedAt: Date | null;
}
