import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { STAGE_API_KEY, STAGE_CREDENTIALS } from '../../stage/service-process';
import { sendRaw, type RawAnswer } from '../../support/raw-http';
import { postWebhook } from '../../support/webhooks';

const CLIENTS = 8;

type Kind = 'webhook' | 'session' | 'read';

const EXPECTED: Record<Kind, number> = { webhook: 200, session: 201, read: 200 };

/**
 * Clients that send requests without a pause, each over a connection of its own, because nginx closes idle connections of
 * clients when it gets a new configuration.
 */
export class Load {
  /** The requests without the expected answer. */
  readonly failures: { kind: Kind; answer: unknown }[] = [];
  readonly succeeded: Record<Kind, number> = { webhook: 0, session: 0, read: 0 };
  private stopped = false;
  private readonly clients: Promise<void>[];

  constructor(private readonly url: string) {
    this.clients = Array.from({ length: CLIENTS }, () => this.run());
  }

  /** Resolves after `count` further successes, or at the first failure. */
  async sends(count: number): Promise<void> {
    const total = (): number => Object.values(this.succeeded).reduce((sum, each) => sum + each, 0);
    const end = total() + count;
    while (total() < end && this.failures.length === 0) await sleep(10);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.clients);
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      await this.attempt('webhook', this.sendWebhook());
      await this.attempt('session', this.createSession());
      await this.attempt('read', this.readConnections());
    }
  }

  private async attempt(kind: Kind, sent: Promise<RawAnswer>): Promise<void> {
    try {
      const { status, text } = await sent;
      if (status === EXPECTED[kind]) this.succeeded[kind] += 1;
      else this.failures.push({ kind, answer: { status, text } });
    } catch (error) {
      this.failures.push({ kind, answer: String(error) });
    }
  }

  private sendWebhook(): Promise<RawAnswer> {
    const user = { user_id: randomUUID(), provider: 'GARMIN', reference_id: `user-${randomUUID()}` };
    const event = { type: 'auth', status: 'success', user };
    return postWebhook({ url: this.url }, event, { secret: STAGE_CREDENTIALS.signingSecret });
  }

  /** Without an idempotency key: a repeated request would create a second session. */
  private createSession(): Promise<RawAnswer> {
    return sendRaw(this.url, '/v1/connect-sessions', {
      method: 'POST',
      headers: { authorization: `Bearer ${STAGE_API_KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ referenceId: `user-${randomUUID()}` }),
    });
  }

  private readConnections(): Promise<RawAnswer> {
    const headers = { authorization: `Bearer ${STAGE_API_KEY}` };
    return sendRaw(this.url, `/v1/connections?referenceId=user-${randomUUID()}`, { headers });
  }
}
