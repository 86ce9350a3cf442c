import type { Account } from './account/account';
import type { Behaviour } from './behaviour';
import type { PlayedScenario, PlayOptions } from './scenarios/player';
import type { ScenarioName } from './scenarios/scenarios';
import type { Delivery, EmitOptions } from './webhooks/delivery';

export interface SandboxOptions {
  devId: string;
  apiKey: string;
  signingSecret: string;
  /** Where webhooks go. Without one they are kept as dropped and can be resent once there is one. */
  webhookUrl?: string;
  /** 0 (the default) takes any free port. */
  port?: number;
  host?: string;
  /** The origin that appears in widget URLs; default `http://localhost:<port>`. */
  publicUrl?: string;
  /** Providers switched on in this environment's dashboard; default: most of the catalogue. */
  enabledProviders?: string[];
  /** Switches that differ from the start, and to which a reset returns. */
  behaviour?: Partial<Behaviour>;
  /** Milliseconds since the epoch; sets expiry, `t=`, ordering timestamps and `created_at`. */
  now?: () => number;
  log?: (line: string) => void;
}

/** One request as it reached the sandbox, for assertions. */
export interface ReceivedRequest {
  at: number;
  method: string;
  path: string;
  query: Record<string, string | string[] | undefined>;
  headers: Record<string, string | string[] | undefined>;
  body: unknown;
}

export interface Sandbox {
  /** `http://127.0.0.1:<port>`: what a server on this machine calls. */
  url: string;
  publicUrl: string;
  /** For TERRA_API_URL. */
  apiUrl: string;
  /** For TERRA_WIDGET_URL. */
  widgetUrl: string;
  /** Change fields at any time; the next call sees them. */
  behaviour: Behaviour;
  /** The users, sessions and tokens of this environment, and what can befall them. */
  account: Account;
  /** API and widget requests, oldest first, the last 1,000. */
  requests: ReceivedRequest[];
  /** Webhooks, oldest first, the last 500. */
  deliveries: readonly Delivery[];
  /** Sends any webhook, signed, as if Terra had. */
  emit(event: object, options?: EmitOptions): Delivery;
  resend(deliveryId: string): Delivery;
  /** Puts a scenario in force, in place of every switch that was set, and lets happen what belongs to it. */
  play(name: ScenarioName, options?: PlayOptions): Promise<PlayedScenario>;
  /** Resolves once no webhook is under way or due within `horizonMs` (default: any time); rejects after `timeoutMs`. */
  idle(options?: { horizonMs?: number; timeoutMs?: number }): Promise<void>;
  setWebhookUrl(url: string | undefined): void;
  /** Back to the first second: nobody connected, every switch as at the start, logs empty. */
  reset(): void;
  /** Ends at once, whatever is in flight. */
  close(): Promise<void>;
}
