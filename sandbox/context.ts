import type { Account } from './account/account';
import type { Behaviour } from './behaviour';
import type { DataSender } from './data/data-sender';
import type { PayloadStore } from './data/payload-store';
import type { ReceivedRequest } from './sandbox.types';
import type { PlayedScenario, PlayOptions } from './scenarios/player';
import type { WebhookDispatcher } from './webhooks/dispatcher';

/** The state and the services that all routes of the sandbox share. */
export interface SandboxContext {
  devId: string;
  apiKey: string;
  /** Empty until the server listens. */
  publicUrl: string;
  behaviour: Behaviour;
  /** The switches as they are after a reset. */
  initialBehaviour: Readonly<Behaviour>;
  account: Account;
  dispatcher: WebhookDispatcher;
  data: DataSender;
  /** Bodies to which `s3_payload` events point. */
  payloads: PayloadStore;
  requests: ReceivedRequest[];
  /** API calls since `failEvery` was set. */
  callsCounted: number;
  play: (name: string, options?: PlayOptions) => Promise<PlayedScenario>;
  /** The active scenario; null after a reset. */
  played: PlayedScenario | null;
  now: () => number;
  /** Aborted on close, so that no delayed answer outlives the server. */
  closing: AbortSignal;
  resetBehaviour: () => void;
  reset: () => void;
}
