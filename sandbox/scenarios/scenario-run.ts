import { setTimeout as sleep } from 'node:timers/promises';
import { defaultProviderAccount, type Account } from '../account/account';
import type { LinkedUser } from '../account/linked-user';
import type { Delivery } from '../webhooks/delivery';
import type { WebhookDispatcher } from '../webhooks/dispatcher';

const PAUSE_MS = 5;

export interface ScenarioRunSettings {
  account: Account;
  dispatcher: WebhookDispatcher;
  referenceId: string;
  provider: string;
  closing: AbortSignal;
}

/** One run of a scenario for one reference: its steps, and the users and webhooks that they create. */
export class ScenarioRun {
  /** All created users, oldest first, including those that a later step replaced. */
  readonly users: LinkedUser[] = [];
  readonly deliveries: Delivery[] = [];

  constructor(private readonly settings: ScenarioRunSettings) {}

  get referenceId(): string {
    return this.settings.referenceId;
  }

  /** Connects the run's one provider account, for its own reference or for another one. */
  connect(referenceId = this.referenceId): void {
    const { account, provider } = this.settings;
    const providerAccount = defaultProviderAccount(this.referenceId);
    this.record(() => account.connect({ provider, referenceId, providerAccount }));
  }

  /** Connects a phone: it redeems a token that the sandbox issues for the reference. */
  connectPhone(device: string): void {
    const { account, provider, referenceId } = this.settings;
    const token = account.sdkTokens.issue(referenceId);
    this.record(() => account.connectPhone(token, { provider, referenceId, providerAccount: device }));
  }

  /** Waits a moment, so that the next event gets another ordering timestamp. */
  async pause(): Promise<void> {
    await sleep(PAUSE_MS, undefined, { signal: this.settings.closing });
  }

  private record(act: () => LinkedUser | null): void {
    const { deliveries } = this.settings.dispatcher;
    const before = new Set(deliveries);
    const user = act();
    if (user) this.users.push(user);
    this.deliveries.push(...deliveries.filter((delivery) => !before.has(delivery)));
  }
}
