import { setTimeout as sleep } from 'node:timers/promises';
import { defaultProviderAccount, type Account } from '../account/account';
import type { LinkedUser } from '../account/linked-user';
import type { DataType } from '../data/data-events';
import type { DataSender } from '../data/data-sender';
import type { Delivery } from '../webhooks/delivery';
import type { WebhookDispatcher } from '../webhooks/dispatcher';

const PAUSE_MS = 5;

export interface ScenarioRunSettings {
  account: Account;
  dispatcher: WebhookDispatcher;
  data: DataSender;
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

  /** The end user disconnects the newest account in Terra's widget. */
  disconnect(): void {
    const user = this.users.at(-1);
    if (user) this.deliveries.push(...this.sentBy(() => this.settings.account.deauthenticate(user.userId)));
  }

  /** Sends data of the newest user, also after its end. */
  sendData(types: readonly DataType[], delayMs = 0): void {
    const user = this.users.at(-1);
    if (!user) return;
    this.deliveries.push(...types.map((type) => this.settings.data.send(user, type, { delayMs })));
  }

  /** Waits a moment, so that the next event gets another ordering timestamp. */
  async pause(): Promise<void> {
    await sleep(PAUSE_MS, undefined, { signal: this.settings.closing });
  }

  private record(act: () => LinkedUser | null): void {
    let user: LinkedUser | null = null;
    this.deliveries.push(...this.sentBy(() => (user = act())));
    if (user) this.users.push(user);
  }

  private sentBy(act: () => unknown): Delivery[] {
    const { deliveries } = this.settings.dispatcher;
    const before = new Set(deliveries);
    act();
    return deliveries.filter((delivery) => !before.has(delivery));
  }
}
