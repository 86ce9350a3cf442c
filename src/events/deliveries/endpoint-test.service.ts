import { Injectable, Logger } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { Clock } from '../../common';
import { BrowserOptions } from '../../config';
import type { EventMessage } from '../cloud-event';
import { EndpointsService } from '../endpoints/endpoints.service';
import type { AttemptMeaning } from './answer-meaning';
import { TEST_EVENT_TYPE } from '../event-types';
import { DeliveryFailedError, WebhookPublishers } from './webhook-publisher';

const TIMEOUT_MS = 10_000;

/** What came of a test event. */
export interface EndpointTest {
  eventId: string;
  accepted: boolean;
  /** The HTTP status; null without an answer. */
  status: number | null;
  /** Why there was no answer, as a code. */
  error: string | null;
  ms: number;
}

/** Sends test events, also to endpoints that are disabled. No test event is stored. */
@Injectable()
export class EndpointTestService {
  private readonly logger = new Logger(EndpointTestService.name);

  constructor(
    private readonly endpoints: EndpointsService,
    private readonly publishers: WebhookPublishers,
    private readonly clock: Clock,
    private readonly options: BrowserOptions,
  ) {}

  /**
   * Sends a test event, and waits for the answer for ten seconds.
   *
   * @throws EndpointNotFoundError
   */
  async send(endpointId: string): Promise<EndpointTest> {
    const endpoint = await this.endpoints.get(endpointId);
    const event = this.newEvent(endpointId);
    const startedAt = performance.now();
    let meaning: AttemptMeaning | null = null;
    await this.publishers
      .to(endpoint, TIMEOUT_MS)
      .publish([event], AbortSignal.timeout(TIMEOUT_MS), (accepted) => (meaning = accepted))
      .catch((error: unknown) => {
        if (!(error instanceof DeliveryFailedError)) throw error;
        meaning = error.meaning;
      });
    const { kind, status, error } = meaning as unknown as AttemptMeaning;
    const accepted = kind === 'accepted';
    this.logger.log({ event: 'webhook_endpoint.tested', endpointId, accepted });
    return {
      eventId: event.id,
      accepted,
      status,
      error,
      ms: Math.round(performance.now() - startedAt),
    };
  }

  private newEvent(endpointId: string): Pick<EventMessage, 'id' | 'parts'> {
    const id = uuidv7();
    const json = JSON.stringify({
      specversion: '1.0',
      id,
      type: TEST_EVENT_TYPE,
      source: this.options.publicUrl,
      time: this.clock.now().toISOString(),
      datacontenttype: 'application/json',
      data: { endpointId },
    });
    return { id, parts: [Buffer.from(json)] };
  }
}
