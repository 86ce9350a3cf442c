/** Injection token of {@link TerraConnectOptions}; TerraAuthModule provides it to every room. */
export const TERRA_CONNECT_OPTIONS = Symbol('TERRA_CONNECT_OPTIONS');

/** Which widget-session endpoint to use: see `terra/widget-session.gateway.ts`. */
export const WIDGET_GENERATIONS = ['auto', 'current', 'legacy'] as const;
export type WidgetGeneration = (typeof WIDGET_GENERATIONS)[number];

export interface TerraOptions {
  /** One `dev-id` is one Terra environment (testing, staging or production), with its own key and secrets. */
  devId: string;
  apiKey: string;
  /** Signing secrets of every destination that points here; any of them may match. */
  signingSecrets: string[];
  apiUrl: string;
  widgetUrl: string;
  widgetGeneration: WidgetGeneration;
  /** How far a webhook's timestamp may be from our clock, in seconds, in both directions. */
  signatureToleranceSeconds: number;
}

/** How what we hold is compared with what Terra says, when nobody asks for it. */
export interface ReconciliationOptions {
  /** Every end user is compared this often, in hours. */
  reconcileIntervalHours: number;
  /** A connection whose data has stopped for this long is compared sooner, in hours; 0: never for that. */
  quietAfterHours: number;
  /** Nobody is ended before two observations that are at least this far apart, in minutes. */
  confirmMinutes: number;
  /** All of Terra's users are read this often, in hours; 0: only when somebody asks for it. */
  sweepIntervalHours: number;
  /** A sweep that would change more than this share of the live connections, from 0 to 1, waits for a person … */
  safetyThresholdShare: number;
  /** … unless it would change no more than this many. */
  safetyThresholdMinimum: number;
}

const RECONCILIATION_DEFAULTS: ReconciliationOptions = {
  reconcileIntervalHours: 24,
  quietAfterHours: 72,
  confirmMinutes: 60,
  sweepIntervalHours: 24,
  safetyThresholdShare: 0.1,
  safetyThresholdMinimum: 10,
};

/** What was given, and the defaults for the rest; the only place that knows them. */
export function reconciliationOf(given: Partial<ReconciliationOptions> = {}): ReconciliationOptions {
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...RECONCILIATION_DEFAULTS, ...Object.fromEntries(set) };
}

/** For how long rows are kept that nobody works on any more, in days; 0: for ever. */
export interface RetentionOptions {
  /** Sessions, from their end on. */
  sessionsDays: number;
  /** Webhook events, from their arrival on; parked and dead ones three times as long. Terra resends for 14 days. */
  webhookEventsDays: number;
  /** Of connections that have ended: the facts without which they are the same. */
  historyDays: number;
  /** Deauthentications, from Terra's confirmation on. */
  deauthenticationsDays: number;
}

const RETENTION_DEFAULTS: RetentionOptions = {
  sessionsDays: 90,
  webhookEventsDays: 30,
  historyDays: 730,
  deauthenticationsDays: 0,
};

/** What was given, and the defaults for the rest; the only place that knows them. */
export function retentionOf(given: Partial<RetentionOptions> = {}): RetentionOptions {
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...RETENTION_DEFAULTS, ...Object.fromEntries(set) };
}

/** Everything that {@link TerraAuthModule} needs to know, whoever hosts it. */
export interface TerraConnectOptions {
  /** Where browsers and Terra reach this service, without a trailing slash. */
  publicUrl: string;
  terra: TerraOptions;
  /** Where a browser may be sent after the widget: exact origin and path prefix, or a listed app scheme. */
  returnUrls: string[];
  /** Whether this process runs the background loops. */
  workersEnabled: boolean;
  /** Left out, in whole or in part: daily, and with a brake at a tenth. */
  reconciliation?: Partial<ReconciliationOptions>;
  /** Left out, in whole or in part: three months of sessions, a month of webhooks, two years of history. */
  retention?: Partial<RetentionOptions>;
  /** An admin key that must exist from the first start on. */
  bootstrapApiKey?: string;
}
