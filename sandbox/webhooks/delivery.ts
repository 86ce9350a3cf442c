export type DeliveryState = 'waiting' | 'sending' | 'delivered' | 'retrying' | 'given-up' | 'dropped';

export interface DeliveryAttempt {
  at: number;
  /** The receiver's status, or null when there was none. */
  status: number | null;
  error?: string;
}

/** One webhook and everything that was done to deliver it. */
export interface Delivery {
  id: string;
  type: string;
  body: string;
  /** X-Terra-Trace-Id: unique per delivery, stable across retries and resends. */
  traceId: string;
  /** terra-reference: correlates with the request that caused the event. */
  reference: string;
  /** X-Terra-Ordering-Timestamp, milliseconds, unchanged across retries. */
  orderingTimestamp: number;
  createdAt: number;
  state: DeliveryState;
  attempts: DeliveryAttempt[];
}

/** What a hand-made webhook may differ in. Everything left out is as Terra would do it. */
export interface EmitOptions {
  delayMs?: number;
  traceId?: string;
  reference?: string;
  orderingTimestamp?: number;
  /** The `t` of the signature, unix seconds. */
  timestamp?: number;
  secret?: string;
  /** Exact bytes to send and sign instead of the event as JSON. */
  rawBody?: string;
  /** Set or, with undefined, remove headers after signing. */
  headers?: Record<string, string | undefined>;
}
