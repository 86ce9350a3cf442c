import type { Account } from './account/account';
import type { Behaviour } from './behaviour';
import type { ReceivedRequest } from './sandbox.types';
import type { PlayedScenario, PlayOptions } from './scenarios/player';
import type { WebhookDispatcher } from './webhooks/dispatcher';

/** What every route of the sandbox shares. */
export interface SandboxContext {
  devId: string;
  apiKey: string;
  /** Known once the server listens. */
  publicUrl: string;
  behaviour: Behaviour;
  account: Account;
  dispatcher: WebhookDispatcher;
  requests: ReceivedRequest[];
  /** API calls since `failEvery` was set. */
  callsCounted: number;
  play: (name: string, options?: PlayOptions) => Promise<PlayedScenario>;
  /** The scenario that is in force, if no reset has ended it. */
  played: PlayedScenario | null;
  now: () => number;
  /** Aborted on close, so that no delayed answer outlives the server. */
  closing: AbortSignal;
  resetBehaviour: () => void;
  reset: () => void;
}
