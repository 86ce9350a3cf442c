import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { Clock, sha256 } from '../common';
import { Metrics } from '../observability';
import { WebhookInboxRepository } from './webhook-inbox.repository';
import { WebhookInboxWorker } from './webhook-inbox.worker';

/** A webhook whose signature holds. */
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

/** Stores each delivery once, before Terra is told that we have it. */
@Injectable()
export class WebhookInboxService {
  constructor(
    private readonly repository: WebhookInboxRepository,
    private readonly worker: WebhookInboxWorker,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
  ) {}

  /** When this returns the delivery is committed, now or by an earlier attempt. */
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
    if (stored) this.worker.notify();
  }
}

// These headers are not signed: whatever they hold, the delivery is stored.
function readId(header: string | string[] | undefined): string | null {
  const usable = typeof header === 'string' && header !== '' && header.length <= MAX_ID_LENGTH;
  return usable && /^[\x21-\x7e]+$/.test(header) ? header : null;
}

function readMilliseconds(header: string | string[] | undefined): Date | null {
  return typeof header === 'string' && /^\d{12,14}$/.test(header) ? new Date(Number(header)) : null;
}
