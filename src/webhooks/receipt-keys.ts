import { sha256 } from '../common';

/** What identifies a delivery. */
export interface IdentifiedDelivery {
  body: Buffer;
  signedAt: Date;
  traceId: string | null;
}

/** The digests by which the service recognises a delivery that it has stored. */
export interface ReceiptKeys {
  /** Time and body, which are what Terra signs. A repetition has the same, whatever its headers say (T-06, T-07). */
  signed: Buffer;
  /** Trace id and body: a retry of Terra that is signed anew has the same. */
  retry: Buffer | null;
  /** The trace id alone: it only reveals that Terra uses a trace id for two bodies. It prevents nothing. */
  trace: Buffer | null;
}

/**
 * The keys hold no secret and no part of the signature header: during a rotation, the header has several signatures, and
 * leaving one out must not make a captured delivery a new one.
 */
export function receiptKeysOf({ body, signedAt, traceId }: IdentifiedDelivery): ReceiptKeys {
  const bodyDigest = sha256(body).toString('hex');
  return {
    signed: sha256(`signed ${signedAt.getTime() / 1_000} ${bodyDigest}`),
    retry: traceId === null ? null : sha256(`retry ${bodyDigest} ${traceId}`),
    trace: traceId === null ? null : sha256(`trace ${traceId}`),
  };
}
