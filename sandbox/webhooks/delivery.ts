export type DeliveryState = 'waiting' | 'sending' | 'delivered' | 'retrying' | 'given-up' | 'dropped';

interface DeliveryAttempt {
  at: number;
  /** The HTTP status of the receiver; null without an answer. */
  status: number | null;
  error?: string;
}

/** One webhook, with all attempts to deliver it. */
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

/** Overrides for a webhook that a test sends by hand. Terra's values apply to omitted fields. */
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
  /** Headers to set, or with undefined to remove, after signing. */
  headers?: Record<string, string | undefined>;
}
