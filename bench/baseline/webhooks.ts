import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { v7 as uuidv7 } from 'uuid';
import { answer, pool, readBody, sha256 } from './context';

const BODY_LIMIT = 15 * 1_024 * 1_024;
const TOLERANCE_SECONDS = 300;
const SECRET = process.env.TERRA_SIGNING_SECRETS ?? '';
const INSERT = {
  name: 'insert_webhook_event',
  text: `WITH receipts AS (
      INSERT INTO terra_connect.webhook_receipts (digest, received_at)
        SELECT unnest(ARRAY[$2, $3]::bytea[]), $8::timestamptz ON CONFLICT DO NOTHING RETURNING digest)
    INSERT INTO terra_connect.webhook_events
      (id, trace_id, terra_reference, signed_at, occurred_at, received_at, body, status, next_attempt_at)
    SELECT $1::uuid, $4::text, $5::text, $6::timestamptz, $7::timestamptz, $8, $9::bytea, 'pending', $8
      FROM receipts HAVING count(*) = 2`,
};

export async function receiveWebhook(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await readBody(request, BODY_LIMIT);
  if (!body) return answer(response, 413, { code: 'request.too_large' });
  const signed = verify(body, textOf(request.headers['x-terra-signature']) ?? '');
  if (!signed) return answer(response, 401, { code: 'webhook.signature_refused' });
  const traceId = textOf(request.headers['x-terra-trace-id']);
  const occurredAt = textOf(request.headers['x-terra-ordering-timestamp']);
  await pool.query({
    ...INSERT,
    values: [
      uuidv7(),
      sha256(`trace:${traceId ?? ''}:${sha256(body).toString('hex')}`),
      sha256(signed.signature),
      traceId,
      textOf(request.headers['terra-reference']),
      signed.at,
      occurredAt === null ? null : new Date(Number(occurredAt)),
      new Date(),
      body,
    ],
  });
  response.writeHead(200, { 'content-length': 0 }).end();
}

function verify(body: Buffer, header: string): { at: Date; signature: Buffer } | null {
  const [, seconds, hex] = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(header) ?? [];
  if (!seconds || !hex) return null;
  const expected = createHmac('sha256', SECRET).update(`${seconds}.`).update(body).digest();
  if (!timingSafeEqual(expected, Buffer.from(hex, 'hex'))) return null;
  if (Math.abs(Date.now() / 1_000 - Number(seconds)) > TOLERANCE_SECONDS) return null;
  return { at: new Date(Number(seconds) * 1_000), signature: expected };
}

function textOf(header: string | string[] | undefined): string | null {
  return typeof header === 'string' && header !== '' ? header : null;
}
