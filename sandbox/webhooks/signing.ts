import { createHmac } from 'node:crypto';

/** `t=<unix seconds>,v1=<hex>`: HMAC-SHA256 over `<t>.<body>` with the destination's secret as UTF-8 key. */
export function signatureHeader(body: string, secret: string, unixSeconds: number): string {
  const digest = createHmac('sha256', secret).update(`${unixSeconds}.`).update(body).digest('hex');
  return `t=${unixSeconds},v1=${digest}`;
}
