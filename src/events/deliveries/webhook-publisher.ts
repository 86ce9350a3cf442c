import { Injectable } from '@nestjs/common';
import { Clock } from '../../common';
import { GuardedHttpClient } from '../../outbound';
import type { EventMessage } from '../cloud-event';
import { signatureHeaders, type Signer } from '../endpoints/endpoint-secret';
import type { EventPublisher } from '../event-publisher';
import { meaningOfAnswer, meaningOfError, type AttemptMeaning } from './answer-meaning';

/** T-18: how long a receiver may take, with everything. */
const TIMEOUT_MS = 15_000;
// The service reads an answer only to use its connection again.
const MAX_ANSWER_BYTES = 16 * 1_024;

/** Where to send events, and how to sign them. */
export type Receiver = Signer & { url: string };

/** The receiver has not accepted an event. */
export class DeliveryFailedError extends Error {
  constructor(readonly meaning: AttemptMeaning) {
    super(`The receiver has not accepted the event: ${meaning.status ?? meaning.error}.`);
    this.name = 'DeliveryFailedError';
  }
}

/** Sends events to a webhook endpoint, one request per event, signed by Standard Webhooks. */
export class WebhookPublisher implements EventPublisher {
  constructor(
    private readonly receiver: Receiver,
    private readonly http: Pick<GuardedHttpClient, 'send'>,
    private readonly clock: Clock,
    private readonly timeoutMs: number = TIMEOUT_MS,
  ) {}

  /**
   * @param onAccepted called with the answer to each event that the receiver has accepted
   * @throws DeliveryFailedError
   */
  async publish(
    events: readonly Pick<EventMessage, 'id' | 'parts'>[],
    signal: AbortSignal,
    onAccepted: (meaning: AttemptMeaning) => void = () => undefined,
  ): Promise<void> {
    for (const event of events) {
      const meaning = await this.send(event, signal);
      if (meaning.kind !== 'accepted') throw new DeliveryFailedError(meaning);
      onAccepted(meaning);
    }
  }

  private async send(
    message: Pick<EventMessage, 'id' | 'parts'>,
    signal: AbortSignal,
  ): Promise<AttemptMeaning> {
    try {
      const answer = await this.http.send({
        method: 'POST',
        url: this.receiver.url,
        headers: {
          'content-type': 'application/cloudevents+json; charset=utf-8',
          ...signatureHeaders(this.receiver, message, this.clock.now()),
        },
        body: message.parts,
        timeoutMs: this.timeoutMs,
        maxResponseBytes: MAX_ANSWER_BYTES,
        signal,
      });
      return meaningOfAnswer(answer, this.clock.now());
    } catch (error) {
      return meaningOfError(error);
    }
  }
}

@Injectable()
export class WebhookPublishers {
  constructor(
    private readonly http: GuardedHttpClient,
    private readonly clock: Clock,
  ) {}

  to(receiver: Receiver, timeoutMs?: number): WebhookPublisher {
    return new WebhookPublisher(receiver, this.http, this.clock, timeoutMs);
  }
}
