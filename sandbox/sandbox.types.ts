import type { Account } from './account/account';
import type { Behaviour } from './behaviour';
import type { DataSender } from './data/data-sender';
import type { PlayedScenario, PlayOptions } from './scenarios/player';
import type { ScenarioName } from './scenarios/scenarios';
import type { Delivery, EmitOptions } from './webhooks/delivery';

export interface SandboxOptions {
  devId: string;
  apiKey: string;
  signingSecret: string;
  /** Destination of webhooks. Without a URL, the sandbox drops them; `resend` sends them after a URL is set. */
  webhookUrl?: string;
  /** Default 0: any free port. */
  port?: number;
  host?: string;
  /** Origin of the widget URLs; default `http://localhost:<port>`. */
  publicUrl?: string;
  /** Providers that this environment enables; default: most of the catalogue. */
  enabledProviders?: string[];
  /** Initial values of switches; a reset restores them. */
  behaviour?: Partial<Behaviour>;
  /** Clock in milliseconds since the epoch, for expiry, `t=`, ordering timestamps and `created_at`. */
  now?: () => number;
  log?: (line: string) => void;
}

/** One request that the sandbox received, for assertions in tests. */
export interface ReceivedRequest {
  at: number;
  method: string;
  path: string;
  query: Record<string, string | string[] | undefined>;
  headers: Record<string, string | string[] | undefined>;
  body: unknown;
}

/** A running sandbox. */
export interface Sandbox {
  /** Address for servers on this machine, such as `http://127.0.0.1:4000`. */
  url: string;
  /** Address for browsers. */
  publicUrl: string;
  /** Value of TERRA_API_URL. */
  apiUrl: string;
  /** Value of TERRA_WIDGET_URL. */
  widgetUrl: string;
  /** The switches. A changed field applies from the next call on. */
  behaviour: Behaviour;
  /** The users, widget sessions and tokens of this environment, with methods that change them. */
  account: Account;
  /** Sends health data: the newest, a history in chunks, a large body, or a pointer to a body. */
  data: DataSender;
  /** The last 1,000 API and widget requests, oldest first. */
  requests: ReceivedRequest[];
  /** The last 500 webhooks, oldest first; fewer if their bodies exceed 64 MB. */
  deliveries: readonly Delivery[];
  /** Sends any event as a webhook, signed like one of Terra's. */
  emit(event: object, options?: EmitOptions): Delivery;
  /** Sends a delivery again, as Terra's dashboard does. */
  resend(deliveryId: string): Delivery;
  /** Resets all switches, then sets those of the scenario and runs its steps. */
  play(name: ScenarioName, options?: PlayOptions): Promise<PlayedScenario>;
  /** Resolves when no webhook is in flight or due within `horizonMs` (default: any time); rejects after `timeoutMs`. */
  idle(options?: { horizonMs?: number; timeoutMs?: number }): Promise<void>;
  setWebhookUrl(url: string | undefined): void;
  /** Removes all users, sessions, tokens, requests and deliveries, and resets every switch. */
  reset(): void;
  /** Closes at once and drops requests and webhooks in flight. */
  close(): Promise<void>;
}
