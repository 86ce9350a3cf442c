import { Injectable, Logger } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { Clock } from '../common';
import { Metrics } from '../observability';
import { WorkerHost } from '../queue';
import { ToldTimesService } from '../terra';
import { laneOf } from './lane';
import { receiptKeysOf } from './receipt-keys';
import { WebhookInboxRepository } from './webhook-inbox.repository';
import { WEBHOOK_INBOX_WORKER } from './webhook-inbox.worker';

/** A webhook with a valid signature. */
export interface SignedDelivery {
  body: Buffer;
  signedAt: Date;
}

export interface DeliveryHeaders {
  'x-terra-trace-id'?: string | string[];
  'terra-reference'?: string | string[];
  'x-terra-ordering-timestamp'?: string | string[];
}

const MAX_ID_LENGTH = 200;

/** Stores each delivery once, before Terra gets its 200. */
@Injectable()
export class WebhookInboxService {
  private readonly logger = new Logger(WebhookInboxService.name);

  constructor(
    private readonly repository: WebhookInboxRepository,
    private readonly workers: WorkerHost,
    private readonly toldTimes: ToldTimesService,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
  ) {}

  /** When the promise resolves, the delivery is committed, by this call or an earlier one. */
  async accept({ body, signedAt }: SignedDelivery, headers: DeliveryHeaders): Promise<void> {
    const id = uuidv7();
    const traceId = readId(headers['x-terra-trace-id']);
    const event = {
      id,
      traceId,
      terraReference: readId(headers['terra-reference']),
      signedAt,
      occurredAt: this.toldTimes.orderingTime(headers['x-terra-ordering-timestamp'], signedAt),
      receivedAt: this.clock.now(),
      body,
      lane: laneOf(body),
    };
    const outcome = await this.repository.insert(event, receiptKeysOf({ body, signedAt, traceId }));
    this.metrics.webhookDeliveries.inc({ outcome });
    if (outcome === 'trace_id_reused')
      this.logger.warn({ event: 'webhook.trace_id_reused', eventId: id, traceId });
    if (outcome !== 'duplicate') this.workers.notify(WEBHOOK_INBOX_WORKER);
  }
}

// These headers are not signed, so an unusable value is ignored and the delivery is stored.
function readId(header: string | string[] | undefined): string | null {
  const usable = typeof header === 'string' && header !== '' && header.length <= MAX_ID_LENGTH;
  return usable && /^[\x21-\x7e]+$/.test(header) ? header : null;
}
