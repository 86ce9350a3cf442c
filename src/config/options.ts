import type { NatsOptions } from './nats-options';
import type { DataOptions } from './data-options';

/** Injection token of the host's {@link TerraConnectOptions}. Classes inject a slice instead. */
export const TERRA_CONNECT_OPTIONS = Symbol('TERRA_CONNECT_OPTIONS');

/** The values for the choice of Terra's widget-session endpoint; see `terra/widget-session.gateway.ts`. */
export const WIDGET_GENERATIONS = ['auto', 'current', 'legacy'] as const;
export type WidgetGeneration = (typeof WIDGET_GENERATIONS)[number];

/** The options of `TerraAuthModule`. */
export interface TerraConnectOptions {
  /** The URL at which browsers and Terra reach this service, without a trailing slash. */
  publicUrl: string;
  terra: TerraApiOptions & WebhookSigningOptions;
  /** Allowed return URLs: an entry allows its own path and the paths below it, at its exact origin or app scheme. */
  returnUrls: string[];
  /** Whether this process runs the workers. */
  workersEnabled: boolean;
  /** How the service calls Terra. An omitted field has its default: no proxy, and a circuit that opens after ten failures. */
  outgoing?: Partial<OutgoingOptions>;
  /** What the service may call at URLs that callers or Terra choose. An omitted field has its default: the internet only. */
  outbound?: Partial<OutboundOptions>;
  /** After how many seconds without progress a worker counts as stalled. Default: 120. */
  workerStallSeconds?: number;
  /** An omitted field has its default: daily, with a safety threshold of 10 percent. */
  reconciliation?: Partial<ReconciliationOptions>;
  /** An omitted field has its default: an hour, and the successors that the service knows. */
  providers?: Partial<ProviderOptions>;
  /** An omitted field has its default: sessions 90 days, webhooks 30 days, history two years, the rest for ever. */
  retention?: Partial<RetentionOptions>;
  /** An omitted field has its default: bodies of data events stay for 72 hours at most. */
  data?: Partial<DataOptions>;
  /** An omitted field has its default; see {@link RATE_LIMIT_DEFAULTS}. */
  rateLimits?: Partial<RateLimitOptions>;
  /** Events leave through NATS JetStream if `nats.servers` lists a server. An omitted field has its default. */
  nats?: Partial<NatsOptions>;
  /** An admin API key that the service creates at start-up. */
  bootstrapApiKey?: string;
  /** How many seconds this process remembers that an API key is active; default 5. */
  apiKeyCacheSeconds?: number;
  /** The megabytes of webhook bodies that this process holds in memory at one time; default 64. */
  bodyBudgetMb?: number;
}

// The slices below are classes, so that each is its own injection token: a service injects only the slice that it needs
// and cannot read the secrets of another slice.

/** The addresses and the credentials of Terra's API. */
export class TerraApiOptions {
  /** Names one Terra environment (testing, staging or production), which has its own key and secrets. */
  devId: string;
  apiKey: string;
  apiUrl: string;
  widgetUrl: string;
  widgetGeneration: WidgetGeneration;
}

/** How calls to Terra leave this process. */
export class OutgoingOptions {
  /** The URL of the proxy for calls to https:// URLs; empty: `httpProxy`. */
  httpsProxy: string;
  /** The URL of the proxy for calls to http:// URLs; empty: none. */
  httpProxy: string;
  /** Hosts that are called without a proxy, separated by commas: `host`, `.domain` or `host:port`; `*`: all hosts. */
  noProxy: string;
  /** After how many failures in a row the circuit opens: the service pauses its calls to Terra; 0: never. */
  circuitFailures: number;
}

/** What the service may call at URLs that callers or Terra choose. */
export class OutboundOptions {
  /**
   * Whether it calls private addresses (loopback, RFC 1918, RFC 6598, RFC 4193), at any port and without TLS. Link-local
   * addresses and the metadata services of clouds are never called.
   */
  allowPrivateNetworks: boolean;
}

/** The secrets and the clock tolerance for the signatures of Terra's webhooks. */
export class WebhookSigningOptions {
  /** The signing secrets of all destinations that point to this service. A signature may match any of them. */
  signingSecrets: string[];
  /** How far a webhook's timestamp may be from our clock, in seconds, in both directions. */
  signatureToleranceSeconds: number;
}

/** The URLs to which the service may redirect a browser. */
export class BrowserOptions {
  publicUrl: string;
  returnUrls: string[];
}

/** How often the service compares its connections with Terra, and when a sweep needs approval. */
export class ReconciliationOptions {
  /** How often the service reconciles each end user, in hours. */
  reconcileIntervalHours: number;
  /** After how many hours without data a connection is reconciled before its regular time; 0: never. */
  quietAfterHours: number;
  /** How many minutes must pass between two checks that both miss a Terra user, before it counts as absent. */
  confirmMinutes: number;
  /** How often a sweep reads all of Terra's users, in hours; 0: only on request. */
  sweepIntervalHours: number;
  /**
   * A sweep awaits approval if it would change more than this share of the live connections (active, needs_reauth,
   * disconnecting), from 0 to 1, and more than `safetyThresholdMinimum`.
   */
  safetyThresholdShare: number;
  /** How many changes a sweep may always make without approval. */
  safetyThresholdMinimum: number;
}

/** How the service recognises that a provider has ended. */
export class ProviderOptions {
  /** How often the service reads Terra's catalogue of providers, in minutes. */
  checkMinutes: number;
  /**
   * Providers that have ended → the provider that succeeds it, or null if none does. Added to the providers that the service
   * knows by itself, which are in `providers/provider-successors.ts`.
   */
  successors: Record<string, string | null>;
}

/** How many days the service keeps rows that it no longer needs; 0: for ever. */
export class RetentionOptions {
  /** Connect sessions, from their end on. */
  sessionsDays: number;
  /** Webhook events, from arrival on; three times as long if parked or a dead letter. Terra resends for 14 days. */
  webhookEventsDays: number;
  /** Facts of ended connections that no longer decide the connection, from its end on. */
  historyDays: number;
  /** Deauthentication requests, from Terra's confirmation on. */
  deauthenticationsDays: number;
  /** Events for callers, from the day on which the service stored them. */
  eventsDays: number;
}

/** How many requests the service accepts from one client; 0: no limit. */
export class RateLimitOptions {
  /** Sessions and SDK tokens that one API key may create in a minute, in each process. */
  clientPerMinute: number;
  /** Sessions that may be created for one end user in an hour, over all processes; as many SDK tokens, in each process. */
  endUserPerHour: number;
  /** Requests of one address to the routes for browsers in a minute, in each process. */
  addressPerMinute: number;
  /** Requests of one address with an unknown API key in a minute, in each process. */
  refusedKeysPerMinute: number;
  /** Webhooks of one address with a wrong signature that get 401 and a log line in a minute; further ones get 429. */
  refusedWebhooksPerMinute: number;
}

/** Whether this process runs the workers. */
export class WorkerOptions {
  enabled: boolean;
  /** After how many seconds without progress a worker counts as stalled, and the process as not ready. */
  stallSeconds: number;
}

/** The admin API key that the service creates at start-up; undefined: none. */
export class BootstrapKeyOptions {
  apiKey: string | undefined;
}

/** How long a process may remember that an API key is active; 0: it asks Postgres at each request. */
export class ApiKeyOptions {
  cacheSeconds: number;
}

/** How much memory the bodies of all requests may take at one time. */
export class BodyBudgetOptions {
  megabytes: number;
}

export const DEFAULT_API_KEY_CACHE_SECONDS = 5;
/** The longest time for which a revoked key may go on working. */
export const MAX_API_KEY_CACHE_SECONDS = 300;

/** Room for six of Terra's largest bodies. */
export const DEFAULT_BODY_BUDGET_MB = 64;
/** One webhook has up to 15 MB: with less, the largest would never be accepted. */
export const MIN_BODY_BUDGET_MB = 16;

export const OUTGOING_DEFAULTS: OutgoingOptions = {
  httpsProxy: '',
  httpProxy: '',
  noProxy: '',
  circuitFailures: 10,
};

export const OUTBOUND_DEFAULTS: OutboundOptions = { allowPrivateNetworks: false };

/** How the service, as a process of its own, connects to Postgres. A host brings its own data source. */
export interface DatabaseSettings {
  url: string;
  poolSize: number;
  /** How long to wait for a new connection, or for a free one; `connect_timeout` in the URL has precedence. */
  connectTimeoutMs: number;
  statementTimeoutMs: number;
}

export const DATABASE_DEFAULTS: Omit<DatabaseSettings, 'url'> = {
  // More connections do not make two cores faster. With fewer, requests wait for slow statements.
  poolSize: 12,
  connectTimeoutMs: 2_000,
  statementTimeoutMs: 10_000,
};

export const WORKER_STALL_SECONDS = 120;

export const RECONCILIATION_DEFAULTS: ReconciliationOptions = {
  reconcileIntervalHours: 24,
  quietAfterHours: 72,
  confirmMinutes: 60,
  sweepIntervalHours: 24,
  safetyThresholdShare: 0.1,
  safetyThresholdMinimum: 10,
};

export const PROVIDER_DEFAULTS: ProviderOptions = { checkMinutes: 60, successors: {} };

export const RETENTION_DEFAULTS: RetentionOptions = {
  sessionsDays: 90,
  webhookEventsDays: 30,
  historyDays: 730,
  deauthenticationsDays: 0,
  eventsDays: 14,
};

/** A delivery takes up to three days. */
export const MIN_EVENTS_DAYS = 4;

export const RATE_LIMIT_DEFAULTS: RateLimitOptions = {
  clientPerMinute: 600,
  endUserPerHour: 60,
  addressPerMinute: 600,
  refusedKeysPerMinute: 60,
  refusedWebhooksPerMinute: 600,
};
