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

/** Everything that {@link TerraAuthModule} needs to know, whoever hosts it. */
export interface TerraConnectOptions {
  /** Where browsers and Terra reach this service, without a trailing slash. */
  publicUrl: string;
  terra: TerraOptions;
  /** Where a browser may be sent after the widget: exact origin and path prefix, or a listed app scheme. */
  returnUrls: string[];
  /** Whether this process runs the background loops. */
  workersEnabled: boolean;
  /** An admin key that must exist from the first start on. */
  bootstrapApiKey?: string;
}
