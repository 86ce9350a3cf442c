import { Injectable, Logger } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { Clock, isDatabaseUnavailable } from '../common';
import { Metrics } from '../observability';
import { WorkerHost } from '../queue';
import { ToldTimesService } from '../terra';
import { GroupCommit, type GroupLimits } from './group-commit';
import { LARGE_BODY_BYTES, laneOf } from './lane';
import { receiptKeysOf } from './receipt-keys';
import {
  WebhookDeliveriesRepository,
  type InsertOutcome,
  type NewDelivery,
} from './webhook-deliveries.repository';
import { LANE_WORKERS } from './webhook-inbox.worker';

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
const MEGABYTE = 1024 * 1024;
// A quarter of Terra's timeout: when the database is slower, Terra gets a 503 and retries.
const DEADLINE_MS = 2_000;
const SMALL: GroupLimits = {
  group: { items: 200, bytes: 2 * MEGABYTE },
  waiting: { items: 2_000, bytes: 16 * MEGABYTE },
  parallel: 1,
  deadlineMs: DEADLINE_MS,
};
// Each large body has its own commit, on one of two connections of its own: it holds up no small one.
const LARGE: GroupLimits = {
  group: { items: 1, bytes: 16 * MEGABYTE },
  waiting: { items: 50, bytes: 64 * MEGABYTE },
  parallel: 2,
  deadlineMs: DEADLINE_MS,
};

/** Stores each delivery once, before Terra gets its 200. */
@Injectable()
export class WebhookInboxService {
  private readonly logger = new Logger(WebhookInboxService.name);
  private readonly small = new GroupCommit((deliveries: NewDelivery[]) => this.store(deliveries), SMALL);
  private readonly large = new GroupCommit((deliveries: NewDelivery[]) => this.store(deliveries), LARGE);

  constructor(
    private readonly repository: WebhookDeliveriesRepository,
    private readonly workers: WorkerHost,
    private readonly toldTimes: ToldTimesService,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
  ) {}

  /**
   * When the promise resolves, the delivery is committed, by this call or an earlier one.
   *
   * @throws DeliveryNotStoredError when the database is too slow, or not available
   */
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
    const group = body.length > LARGE_BODY_BYTES ? this.large : this.small;
    const outcome = await group.add({ event, keys: receiptKeysOf({ body, signedAt, traceId }) }, body.length);
    this.metrics.webhookDeliveries.inc({ outcome });
    if (outcome === 'trace_id_reused')
      this.logger.warn({ event: 'webhook.trace_id_reused', eventId: id, traceId });
  }

  private async store(deliveries: NewDelivery[]): Promise<InsertOutcome[]> {
    try {
      const outcomes = await this.repository.insert(deliveries, DEADLINE_MS);
      const stored = deliveries.filter((_, index) => outcomes[index] !== 'duplicate');
      for (const lane of new Set(stored.map(({ event }) => event.lane)))
        this.workers.notify(LANE_WORKERS[lane]);
      return outcomes;
    } catch (error) {
      if (isDatabaseUnavailable(error))
        this.logger.error({ event: 'webhook.not_stored', deliveries: deliveries.length, err: error });
      throw error;
    }
  }
}

// These headers are not signed, so an unusable value is ignored and the delivery is stored.
function readId(header: string | string[] | undefined): string | null {
  const usable = typeof header === 'string' && header !== '' && header.length <= MAX_ID_LENGTH;
  return usable && /^[\x21-\x7e]+$/.test(header) ? header : null;
}
