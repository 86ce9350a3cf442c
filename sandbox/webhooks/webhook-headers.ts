import { createHmac } from 'node:crypto';
import type { Behaviour } from '../behaviour';
import type { Delivery, EmitOptions } from './delivery';

/** The headers of one delivery attempt, with a signature of `signedAt` (milliseconds since the epoch). */
export function webhookHeaders(
  delivery: Delivery,
  overrides: EmitOptions,
  signing: { behaviour: Behaviour; secret: string; signedAt: number },
): Record<string, string> {
  const { behaviour, secret, signedAt } = signing;
  const seconds = overrides.timestamp ?? Math.floor(signedAt / 1_000);
  const signature = signatureHeader(delivery.body, overrides.secret ?? secret, seconds);
  const headers: Record<string, string | undefined> = {
    'Content-Type': 'application/json',
    'User-Agent': 'terra-sandbox',
    'X-Terra-Signature': behaviour.signatureHeaders === 'terra-signature' ? undefined : signature,
    'terra-signature': behaviour.signatureHeaders === 'x-terra-signature' ? undefined : signature,
    'X-Terra-Trace-Id': behaviour.sendTraceId ? delivery.traceId : undefined,
    'terra-reference': behaviour.sendReference ? delivery.reference : undefined,
    'X-Terra-Ordering-Timestamp': behaviour.sendOrderingTimestamp
      ? String(delivery.orderingTimestamp)
      : undefined,
    ...overrides.headers,
  };
  return Object.fromEntries(
    Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

/** `t=<unix seconds>,v1=<hex>`: HMAC-SHA256 over `<t>.<body>` with the destination's secret as UTF-8 key. */
function signatureHeader(body: string, secret: string, unixSeconds: number): string {
  const digest = createHmac('sha256', secret).update(`${unixSeconds}.`).update(body).digest('hex');
  return `t=${unixSeconds},v1=${digest}`;
}
