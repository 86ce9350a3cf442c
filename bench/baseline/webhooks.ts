import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { v7 as uuidv7 } from 'uuid';
import { answer, pool, readBody, sha256 } from './context';

const BODY_LIMIT = 15 * 1_024 * 1_024;
const TOLERANCE_SECONDS = 300;
const SECRET = process.env.TERRA_SIGNING_SECRETS ?? '';
const INSERT = {
  name: 'insert_webhook_event',
  text: `INSERT INTO terra_connect.webhook_events
      (id, dedupe_key, signature_digest, trace_id, terra_reference, signed_at, occurred_at, received_at, body,
       status, next_attempt_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'pending', $8)
    ON CONFLICT DO NOTHING`,
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
      traceId === null ? `body:${sha256(body).toString('hex')}` : `trace:${traceId}`,
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
