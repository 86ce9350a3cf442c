import { setTimeout as sleep } from 'node:timers/promises';
import { defaultProviderAccount, type Account } from '../account/account';
import type { LinkedUser } from '../account/linked-user';
import type { Delivery } from '../webhooks/delivery';
import type { WebhookDispatcher } from '../webhooks/dispatcher';

const MOMENT_MS = 5;

export interface StageSettings {
  account: Account;
  dispatcher: WebhookDispatcher;
  referenceId: string;
  provider: string;
  closing: AbortSignal;
}

/** Where one scenario takes place: what may happen to the person of the reference, and a note of all that did. */
export class Stage {
  /** Made, oldest first, among them those that were replaced since. */
  readonly users: LinkedUser[] = [];
  readonly deliveries: Delivery[] = [];

  constructor(private readonly settings: StageSettings) {}

  get referenceId(): string {
    return this.settings.referenceId;
  }

  /** Links the person's one provider account. Once more, or under another reference, it is still the same account. */
  connect(referenceId = this.referenceId): void {
    const { account, provider } = this.settings;
    const providerAccount = defaultProviderAccount(this.referenceId);
    this.happen(() => account.connect({ provider, referenceId, providerAccount }));
  }

  /** A phone spends a token that was made for the person. */
  connectPhone(device: string): void {
    const { account, provider, referenceId } = this.settings;
    const token = account.sdkTokens.issue(referenceId);
    this.happen(() => account.connectPhone(token, { provider, referenceId, providerAccount: device }));
  }

  /** Time goes by: facts of different moments must carry different ordering timestamps. */
  async later(): Promise<void> {
    await sleep(MOMENT_MS, undefined, { signal: this.settings.closing });
  }

  private happen(act: () => LinkedUser | null): void {
    const { deliveries } = this.settings.dispatcher;
    const before = new Set(deliveries);
    const user = act();
    if (user) this.users.push(user);
    this.deliveries.push(...deliveries.filter((delivery) => !before.has(delivery)));
  }
}
