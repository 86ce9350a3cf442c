import { Injectable, Logger } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { Clock } from '../../common';
import { DataOptions } from '../../config';
import { Metrics } from '../../observability';
import { GuardedHttpClient, OutboundError } from '../../outbound';
import { retryDelayMs, WorkerHost } from '../../queue';
import { envelopeOf, parseTerraEvent } from '../../terra';
import { laneOf } from '../lane';
import { receiptKeysOf } from '../receipt-keys';
import type { NewDelivery } from '../webhook-deliveries.repository';
import { LANE_WORKERS, notifyLanes } from '../webhook-inbox.worker';
import {
  ADVICE,
  isRetried,
  payloadProblemOf,
  POINTER_WORKERS,
  pointerOf,
  type PointerFailure,
} from './payload-pointer';
import { PayloadPointersRepository, type TakenPointer } from './payload-pointers.repository';

const IDLE_MS = 1_000;
// Only after a change of PAYLOAD_POINTERS is there anything to do.
const IDLE_WITHOUT_FETCHING_MS = 60_000;
const DOWNLOAD_MS = 30_000;
/** Longer than a download and the transaction that stores it. */
export const POINTER_LEASE_MS = 60_000;
// URLs are valid for minutes. Only a crash or a full database uses up so many attempts within that time.
const RETRY = { baseMs: 1_000, maxMs: 60_000, attempts: 12 };

/** Fetches the payloads of pointers, and gives them to the inbox as if Terra had sent them instead. */
@Injectable()
export class PayloadPointersWorker {
  private readonly logger = new Logger(PayloadPointersWorker.name);

  constructor(
    private readonly repository: PayloadPointersRepository,
    private readonly client: GuardedHttpClient,
    private readonly options: DataOptions,
    private readonly clock: Clock,
    private readonly metrics: Metrics,
    private readonly workers: WorkerHost,
  ) {
    const fetches = options.pointers === 'fetch';
    for (const name of fetches ? POINTER_WORKERS : POINTER_WORKERS.slice(0, 1))
      workers.register({
        name,
        idleMs: fetches ? IDLE_MS : IDLE_WITHOUT_FETCHING_MS,
        run: (signal) => this.runOnce(signal),
      });
  }

  /** Fetches one payload, or gives all pointers back if takers get pointers. @returns whether more may be due */
  async runOnce(signal?: AbortSignal): Promise<boolean> {
    if (this.options.pointers === 'forward') return this.giveBack();
    const now = this.clock.now();
    const pointer = await this.repository.take(now, this.after(POINTER_LEASE_MS));
    if (pointer === null) return false;
    if (pointer.attempts > RETRY.attempts) await this.giveUp(pointer, 'too_many_attempts');
    else await this.fetch(pointer, signal);
    return true;
  }

  private async giveBack(): Promise<boolean> {
    if ((await this.repository.giveBack()) > 0) notifyLanes(this.workers);
    return false;
  }

  private async fetch(pointer: TakenPointer, signal?: AbortSignal): Promise<void> {
    const { url } = pointerOf(pointer.body);
    if (url === null) return this.giveUp(pointer, 'no_url');
    let body: Buffer;
    try {
      body = await this.client.download(url, {
        allowedHostSuffixes: this.options.pointerHosts,
        timeoutMs: DOWNLOAD_MS,
        signal,
      });
    } catch (error) {
      if (error instanceof OutboundError) return this.retry(pointer, error);
      throw error;
    }
    const problem = payloadProblemOf(body);
    if (problem !== null) return this.giveUp(pointer, problem);
    await this.store(pointer, body);
  }

  private async store(pointer: TakenPointer, body: Buffer): Promise<void> {
    const { traceId, terraReference, signedAt, occurredAt } = pointer;
    const now = this.clock.now();
    const lane = laneOf(body);
    const event = {
      id: uuidv7(),
      traceId,
      terraReference,
      signedAt,
      occurredAt,
      receivedAt: now,
      body,
      lane,
    };
    // The trace id alone belongs to the pointer. With the payload, it recognises a pointer that Terra sends twice.
    const delivery: NewDelivery = {
      event,
      keys: { ...receiptKeysOf({ body, signedAt, traceId }), trace: null },
    };
    const envelope = envelopeOf(parseTerraEvent(pointer.body)!);
    const outcome = await this.repository.storePayload(pointer, { envelope, delivery, now });
    if (outcome === null) return;
    this.metrics.payloadPointers.inc({ outcome: outcome === 'duplicate' ? 'duplicate' : 'fetched' });
    this.workers.notify(LANE_WORKERS[lane]);
  }

  private async retry(pointer: TakenPointer, error: OutboundError): Promise<void> {
    // The process stops: another one goes on at once.
    if (error.code === 'aborted') return this.repository.postpone(pointer, this.clock.now());
    const next = this.after(retryDelayMs(RETRY, pointer.attempts));
    const expiresAt = pointer.receivedAt.getTime() + pointerOf(pointer.body).validMs;
    if (!isRetried(error) || next.getTime() >= expiresAt)
      return this.giveUp(pointer, error.code, error.detail);
    await this.repository.postpone(pointer, next);
    this.metrics.payloadPointers.inc({ outcome: 'retried' });
  }

  private async giveUp(pointer: TakenPointer, cause: PointerFailure, detail?: string): Promise<void> {
    const named = detail === undefined ? cause : `${cause}: ${detail}`;
    const note = `the payload was not fetched (${named}). ${ADVICE[cause]}`;
    if (!(await this.repository.giveUp(pointer, note, this.clock.now()))) return;
    this.metrics.payloadPointers.inc({ outcome: cause });
    const { id: webhookEventId, attempts, body } = pointer;
    const { host } = pointerOf(body);
    this.logger.error({
      event: 'payload_pointer.given_up',
      webhookEventId,
      host,
      cause,
      detail,
      attempts,
      advice: ADVICE[cause],
    });
  }

  private after(ms: number): Date {
    return new Date(this.clock.now().getTime() + ms);
  }
}
