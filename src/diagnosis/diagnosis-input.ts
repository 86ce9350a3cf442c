import type { ConnectSession } from '../connect-sessions';
import type { Connection, ConnectionIdentity, Deauthentication, HistoryLine } from '../connections';
import type { TerraUser } from '../terra';
import type { WebhookEventSummary } from '../webhooks';

/** What Terra says of an end user, or why it did not say anything: the code of the error, or `not_asked`. */
export type TerraView = { answered: true; users: TerraUser[] } | { answered: false; cause: string };

export interface DiagnosedConnection {
  connection: Connection;
  /** Every Terra user that it has had, oldest first. */
  identities: ConnectionIdentity[];
  /** Newest first. */
  history: HistoryLine[];
}

/** All that a diagnosis goes by. */
export interface DiagnosisInput {
  referenceId: string;
  now: Date;
  /** When the end user was erased; null for one who never was, or who has come back since. */
  erasedAt: Date | null;
  /** Newest first; one whose time is up is `expired`. */
  sessions: ConnectSession[];
  connections: DiagnosedConnection[];
  /** Those that Terra has not confirmed yet. */
  deauthentications: Deauthentication[];
  /** Newest first. */
  webhooks: WebhookEventSummary[];
  /** When any webhook was last stored, whomever it is about; null: never. */
  lastWebhookAt: Date | null;
  terra: TerraView;
  /** After how many hours without data a connection counts as quiet; 0: never. */
  quietAfterHours: number;
}

/** One thing that the facts come to, for somebody who has to answer the person. */
export interface Conclusion {
  /** One of the fixed words, or `failed_…`, `needs_reauth_…`, `disconnected_…` with the reason. */
  code: string;
  summary: string;
  advice: string;
}
