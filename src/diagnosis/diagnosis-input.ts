import type { ConnectSession } from '../connect-sessions';
import type { Connection, ConnectionRecord, Deauthentication } from '../connections';
import type { ToldEvents } from '../events';
import type { TerraUser } from '../terra';
import type { WebhookEventSummary } from '../webhooks';

/** What Terra says about an end user, or why it does not: the code of the error, or `not_asked`. */
export type TerraView = TerraAnswer | { answered: false; cause: string };

export interface TerraAnswer {
  answered: true;
  /** The Terra users that Terra lists under the reference. */
  users: TerraUser[];
  /** Connected Terra users that this list lacks, although Terra knows them by their id. */
  unlisted: TerraUser[];
  /** Ids of connected Terra users that Terra neither lists nor knows by their id. */
  missing: string[];
  /** Whether the whole Terra account has exactly as many users as a testing or staging environment may have. */
  isFull: boolean;
}

export interface DiagnosedConnection extends ConnectionRecord {
  connection: Connection;
}
/** What has come from Terra about an end user, and what has gone to your services. */
export interface TrafficRecords {
  /** Newest first. */
  webhooks: WebhookEventSummary[];
  /** When the service last stored any webhook; null: never. */
  lastWebhookAt: Date | null;
  told: ToldEvents;
  /** When health data of any active connection last arrived; null: never. */
  lastDataAt: Date | null;
}

/** What the service has stored about an end user. */
export interface DiagnosisRecords extends TrafficRecords {
  referenceId: string;
  /** When the end user was erased; null: never, or the end user has come back since. */
  erasedAt: Date | null;
  /** Newest first. */
  sessions: ConnectSession[];
  connections: DiagnosedConnection[];
  /** The requests that Terra has not confirmed yet. */
  pendingDeauthentications: Deauthentication[];
  /** The sweep that awaits approval because Terra lists many unknown users; null: none. */
  awaitingAdoption: { id: string; startedAt: Date } | null;
}

/** Everything that a diagnosis is based on. */
export interface DiagnosisInput extends DiagnosisRecords {
  now: Date;
  terra: TerraView;
  /** After how many hours without data a connection counts as quiet; 0: never. */
  quietAfterHours: number;
  /** The providers of the connections that another provider succeeds, with that provider. */
  successors: Record<string, string>;
  /** The path of the webhook route, with a host's prefix. */
  webhookPath: string;
}

/** One conclusion of a diagnosis, for a support team that answers the end user. */
export interface Conclusion {
  /** A fixed code, or `failed_…`, `needs_reauth_…`, `disconnected_…` with the reason. */
  code: string;
  summary: string;
  advice: string;
}

/** Returns the text with an upper-case first letter. */
export function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
