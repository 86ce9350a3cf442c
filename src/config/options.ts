/** Injection token of {@link TerraConnectOptions}, as the host gave them; classes inject a slice instead. */
export const TERRA_CONNECT_OPTIONS = Symbol('TERRA_CONNECT_OPTIONS');

/** Which widget-session endpoint to use: see `terra/widget-session.gateway.ts`. */
export const WIDGET_GENERATIONS = ['auto', 'current', 'legacy'] as const;
export type WidgetGeneration = (typeof WIDGET_GENERATIONS)[number];

/** Everything that `TerraAuthModule` needs to know, whichever application hosts it. */
export interface TerraConnectOptions {
  /** Where browsers and Terra reach this service, without a trailing slash. */
  publicUrl: string;
  terra: TerraApiOptions & WebhookSigningOptions;
  /** Where a browser may be sent after the widget: exact origin and path prefix, or a listed app scheme. */
  returnUrls: string[];
  /** Whether this process runs the background loops. */
  workersEnabled: boolean;
  /** Each field that is left out has its default: daily, with a safety threshold of a tenth. */
  reconciliation?: Partial<ReconciliationOptions>;
  /** Each field that is left out has its default: sessions 90 days, webhooks 30 days, history two years. */
  retention?: Partial<RetentionOptions>;
  /** An admin key that exists from the first start on. */
  bootstrapApiKey?: string;
}

// The slices below are classes, so that each is its own injection token: a class injects the slice it needs and never
// sees a secret of another one.

/** How to call Terra's API. */
export class TerraApiOptions {
  /** One `dev-id` is one Terra environment (testing, staging or production), with its own key and secrets. */
  devId: string;
  apiKey: string;
  apiUrl: string;
  widgetUrl: string;
  widgetGeneration: WidgetGeneration;
}

/** How to check the signature of Terra's webhooks. */
export class WebhookSigningOptions {
  /** The signing secrets of all destinations that point here; any of them may match. */
  signingSecrets: string[];
  /** How far a webhook's timestamp may be from our clock, in seconds, in both directions. */
  signatureToleranceSeconds: number;
}

/** Where browsers are sent. */
export class BrowserOptions {
  publicUrl: string;
  returnUrls: string[];
}

/** How scheduled comparisons with Terra run. */
export class ReconciliationOptions {
  /** Every end user is reconciled this often, in hours. */
  reconcileIntervalHours: number;
  /** A connection without data for this long is reconciled sooner, in hours; 0: never for that reason. */
  quietAfterHours: number;
  /** A Terra user counts as gone after two observations that are at least this far apart, in minutes. */
  confirmMinutes: number;
  /** All of Terra's users are read this often, in hours; 0: only on request. */
  sweepIntervalHours: number;
  /** A sweep that would change more than this share of the live connections, from 0 to 1, awaits approval … */
  safetyThresholdShare: number;
  /** … unless it would change no more than this many. */
  safetyThresholdMinimum: number;
}

/** How long rows without further use are kept, in days; 0: for ever. */
export class RetentionOptions {
  /** Sessions, from their end on. */
  sessionsDays: number;
  /** Webhook events, from their arrival on; parked and dead-lettered ones three times as long. Terra resends for 14 days. */
  webhookEventsDays: number;
  /** Ended connections: the facts that do not decide what the connection is. */
  historyDays: number;
  /** Deauthentication requests, from Terra's confirmation on. */
  deauthenticationsDays: number;
}

/** Whether this process runs the background loops. */
export class WorkerOptions {
  enabled: boolean;
}

/** The admin key that exists from the first start on, if there is one. */
export class BootstrapKeyOptions {
  apiKey: string | undefined;
}

export const RECONCILIATION_DEFAULTS: ReconciliationOptions = {
  reconcileIntervalHours: 24,
  quietAfterHours: 72,
  confirmMinutes: 60,
  sweepIntervalHours: 24,
  safetyThresholdShare: 0.1,
  safetyThresholdMinimum: 10,
};

export const RETENTION_DEFAULTS: RetentionOptions = {
  sessionsDays: 90,
  webhookEventsDays: 30,
  historyDays: 730,
  deauthenticationsDays: 0,
};
