import { setTimeout as sleep } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';
import { ServiceRejectedError, type TerraConnectClient } from '../terra-connect-client';

/** What the diary needs. Without `data.…` here, the service drops health data. */
const EVENT_TYPES = ['connection.*', 'end_user.erased', 'data.daily', 'data.sleep', 'data.activity'];
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 2_000;

/** The webhook endpoint of this app at Terra Connect. The app creates it when it starts, and keeps its secret in memory. */
export class Subscription {
  /** Verifies deliveries; null until the app has subscribed. */
  webhook: Webhook | null = null;
  /** Why the service rejected the subscription, in the service's words; null if it did not. */
  rejection: string | null = null;

  /** @param address this app's receiver, as Terra Connect reaches it */
  constructor(
    private readonly terraConnect: TerraConnectClient,
    private readonly address: { webhookUrl: string },
  ) {}

  /**
   * Subscribes. While the service gives no answer, which may still be starting, or has too many requests, the app tries again
   * until the signal. Another rejection is final, because the same request would be rejected again.
   */
  async start(signal: AbortSignal): Promise<void> {
    for (let retryMs = FIRST_RETRY_MS; !signal.aborted; retryMs = Math.min(2 * retryMs, LAST_RETRY_MS)) {
      try {
        this.webhook = new Webhook(await this.subscribe());
        return;
      } catch (error) {
        if (error instanceof ServiceRejectedError && error.status !== 429) {
          this.rejection = error.message;
          console.error(
            `Pulse Diary gets no events, because Terra Connect rejected its webhook endpoint: ${error.message}`,
          );
          return;
        }
      }
      await sleep(retryMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /**
   * An app that starts again takes its endpoint over, so that it misses no event and endpoints do not pile up. The service
   * shows a secret only once, so the app lets it make a new one. Deliveries that still wait get the new signature.
   *
   * @returns the secret
   */
  private async subscribe(): Promise<string> {
    const { terraConnect } = this;
    const url = this.address.webhookUrl;
    const [own, ...others] = (await terraConnect.listEndpoints()).filter((endpoint) => endpoint.url === url);
    for (const { id } of others) await terraConnect.deleteEndpoint(id);
    const settings = { url, types: EVENT_TYPES, description: 'Pulse Diary, the sample app', enabled: true };
    if (!own) return (await terraConnect.createEndpoint(settings)).secret;
    await terraConnect.updateEndpoint(own.id, settings);
    return (await terraConnect.rotateEndpointSecret(own.id)).secret;
  }
}
