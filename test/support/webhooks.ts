import { createHmac, randomUUID } from 'node:crypto';
import { sendRaw, type RawAnswer } from './raw-http';
import { TEST_CREDENTIALS } from './sandbox';

/** How a test's webhook may differ from a genuine one. */
export interface WebhookOptions {
  secret?: string;
  /** The `t` that is signed and sent; default: now, in seconds. */
  timestamp?: number | string;
  /** The whole signature header, instead of a valid one. A list sends several headers, null sends none. */
  signature?: string | string[] | null;
  signatureName?: string;
  /** X-Terra-Trace-Id; default: a new one. A list sends several headers, null sends none. */
  traceId?: string | string[] | null;
  /** X-Terra-Ordering-Timestamp. */
  occurredAt?: Date;
  headers?: Record<string, string | string[]>;
}

export const nowInSeconds = (): number => Math.floor(Date.now() / 1_000);

/** Hex HMAC-SHA256 over `"{t}." + body`, as Terra documents it. Shares no code with the service. */
export function signatureHex(
  body: string | Buffer,
  timestamp: number | string,
  secret: string = TEST_CREDENTIALS.signingSecret,
): string {
  const signed = Buffer.concat([Buffer.from(`${timestamp}.`), Buffer.from(body)]);
  return createHmac('sha256', secret).update(signed).digest('hex');
}

export function signatureHeader(
  body: string | Buffer,
  timestamp: number | string = nowInSeconds(),
  secret?: string,
): string {
  return `t=${timestamp},v1=${signatureHex(body, timestamp, secret)}`;
}

/** Posts a webhook as Terra does, with the differences that the options name. */
export function postWebhook(
  service: { url: string },
  event: object | string | Buffer,
  options: WebhookOptions = {},
): Promise<RawAnswer> {
  const body = typeof event === 'string' || Buffer.isBuffer(event) ? event : JSON.stringify(event);
  const signature =
    options.signature === undefined
      ? signatureHeader(body, options.timestamp, options.secret)
      : options.signature;
  const traceId = options.traceId === undefined ? randomUUID() : options.traceId;
  return sendRaw(service.url, '/webhooks/terra', {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/json',
      ...(signature === null ? {} : { [options.signatureName ?? 'X-Terra-Signature']: signature }),
      ...(traceId === null ? {} : { 'X-Terra-Trace-Id': traceId }),
      ...(options.occurredAt ? { 'X-Terra-Ordering-Timestamp': String(options.occurredAt.getTime()) } : {}),
      ...options.headers,
    },
  });
}
