import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { Clock, sha256 } from '../common';
import { Metrics } from '../observability';
import { WorkerHost } from '../queue';
import { WebhookInboxRepository } from './webhook-inbox.repository';
import { WEBHOOK_INBOX_WORKER } from './webhook-inbox.worker';

/** A webhook with a valid signature. */
export interface SignedDelivery {
  body: Buffer;
  signedAt: Date;
  signatureDigest: Buffer;
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
  constructor(
    private readonly repository: WebhookInboxRepository,
    private readonly workers: WorkerHost,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
  ) {}

  /** When the promise resolves, the delivery is committed, by this call or an earlier one. */
  async accept(delivery: SignedDelivery, headers: DeliveryHeaders): Promise<void> {
    const traceId = readId(headers['x-terra-trace-id']);
    const now = this.clock.now();
    const stored = await this.repository.insert({
      id: uuidv7(),
      dedupeKey: traceId === null ? `body:${sha256(delivery.body).toString('hex')}` : `trace:${traceId}`,
      signatureDigest: delivery.signatureDigest,
      traceId,
      terraReference: readId(headers['terra-reference']),
      signedAt: delivery.signedAt,
      occurredAt: readMilliseconds(headers['x-terra-ordering-timestamp']),
      receivedAt: now,
      body: delivery.body,
    });
    this.metrics.webhookDeliveries.inc({ outcome: stored ? 'stored' : 'duplicate' });
    if (stored) this.workers.notify(WEBHOOK_INBOX_WORKER);
  }
}

// These headers are not signed, so an unusable value is ignored and the delivery is stored.
function readId(header: string | string[] | undefined): string | null {
  const usable = typeof header === 'string' && header !== '' && header.length <= MAX_ID_LENGTH;
  return usable && /^[\x21-\x7e]+$/.test(header) ? header : null;
}

function readMilliseconds(header: string | string[] | undefined): Date | null {
  return typeof header === 'string' && /^\d{12,14}$/.test(header) ? new Date(Number(header)) : null;
}
