import type { Account } from './account/account';
import type { Behaviour } from './behaviour';
import type { ReceivedRequest } from './sandbox.types';
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
  now: () => number;
  /** Aborted on close, so that no delayed answer outlives the server. */
  closing: AbortSignal;
  resetBehaviour: () => void;
  reset: () => void;
}
