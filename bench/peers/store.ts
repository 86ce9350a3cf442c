import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { Pool } from 'pg';
import { Pool as HttpPool } from 'undici';
import { v7 as uuidv7 } from 'uuid';
import { RETURN_URL } from '../credentials';

// The work of the peers without a framework (`bare`, `fastify`): prepared statements on `pg`, one per step.

const {
  DATABASE_URL,
  PUBLIC_URL,
  TERRA_WIDGET_URL = '',
  TERRA_DEV_ID = '',
  TERRA_API_KEY = '',
} = process.env;
const SECRET = process.env.TERRA_SIGNING_SECRETS ?? '';
const TOLERANCE_SECONDS = 300;
const LAST_USED_GRANULARITY_MS = 60_000;
const TERRA_DEADLINE_MS = 10_000;
const LIST_LIMIT = 50;

// The service's pool has the same size.
const pool = new Pool({ connectionString: DATABASE_URL, max: 12 });
const terra = new HttpPool(new URL(TERRA_WIDGET_URL).origin, { connections: 64, pipelining: 1 });

export type Headers = Record<string, string | string[] | undefined>;
interface Answer {
  status: number;
  body?: unknown;
}

const FIND_KEY = {
  name: 'find_api_key',
  text: 'SELECT id, scopes, last_used_at FROM peer.api_keys WHERE key_hash = $1',
};
const STORE = {
  name: 'store_event',
  text: `WITH fresh AS (
      INSERT INTO peer.receipts (digest, received_at)
        SELECT unnest(ARRAY[$2, $3]::bytea[]), $7::timestamptz ON CONFLICT DO NOTHING RETURNING digest)
    INSERT INTO peer.events (id, trace_id, signed_at, occurred_at, received_at, body, status, next_attempt_at)
      SELECT $1::uuid, $4::text, $5::timestamptz, $6::timestamptz, $7, $8::bytea, 'pending', $7
        FROM fresh HAVING count(*) = 2`,
};
const LIST = {
  name: 'list_connections',
  text: `SELECT id, reference_id AS "referenceId", terra_user_id AS "terraUserId", provider, status,
      status_reason AS "statusReason", scopes, connected_at AS "connectedAt", disconnected_at AS "disconnectedAt",
      last_data_at AS "lastDataAt", succeeds, succeeded_by AS "succeededBy", updated_at AS "updatedAt"
    FROM peer.connections WHERE reference_id = $1 ORDER BY id DESC LIMIT $2`,
};
const INSERT_SESSION = {
  name: 'insert_session',
  text: `INSERT INTO peer.sessions (id, reference_id, status, providers, language, return_url, metadata, connect_token,
      return_nonce_hash, api_key_id, created_at, expires_at)
    VALUES ($1, $2, 'pending', $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
};
const UPDATE_SESSION = {
  name: 'update_session',
  text: `UPDATE peer.sessions SET terra_session_id = $2, widget_url = $3, warnings = $4, expires_at = $5 WHERE id = $1`,
};

/** @returns the id of the caller's API key, or the status of the refusal */
export async function authenticate(headers: Headers, scope: string): Promise<string | 401 | 403> {
  const key = /^Bearer +(\S+)$/i.exec(textOf(headers.authorization) ?? '')?.[1];
  const { rows } = await pool.query<{ id: string; scopes: string[]; last_used_at: Date | null }>({
    ...FIND_KEY,
    values: [sha256(key ?? '')],
  });
  const [found] = rows;
  if (!found) return 401;
  if (!found.scopes.includes('admin') && !found.scopes.includes(scope)) return 403;
  if (Date.now() - (found.last_used_at?.getTime() ?? 0) > LAST_USED_GRANULARITY_MS)
    await pool.query('UPDATE peer.api_keys SET last_used_at = now() WHERE id = $1', [found.id]);
  return found.id;
}

export async function receive(headers: Headers, body: Buffer): Promise<Answer> {
  const signed = verify(body, textOf(headers['x-terra-signature']) ?? '');
  if (!signed) return { status: 401, body: { code: 'webhook.signature_refused' } };
  const traceId = textOf(headers['x-terra-trace-id']);
  const occurredAt = textOf(headers['x-terra-ordering-timestamp']);
  const delivery = sha256(`${traceId ?? ''}:${sha256(body).toString('hex')}`);
  const occurred = occurredAt === null ? null : new Date(Number(occurredAt));
  const values = [
    uuidv7(),
    delivery,
    sha256(signed.signature),
    traceId,
    signed.at,
    occurred,
    new Date(),
    body,
  ];
  await pool.query({ ...STORE, values });
  return { status: 200 };
}

export async function listConnections(referenceId: unknown): Promise<Answer> {
  if (!isReferenceId(referenceId)) return { status: 422, body: { code: 'request.invalid' } };
  const { rows } = await pool.query<{ id: string }>({ ...LIST, values: [referenceId, LIST_LIMIT + 1] });
  const items = rows.slice(0, LIST_LIMIT);
  return { status: 200, body: { items, nextCursor: rows.length > LIST_LIMIT ? items.at(-1)?.id : null } };
}

interface SessionRequest {
  referenceId: string;
  providers?: string[];
  language?: string;
  returnUrl?: string;
  metadata?: Record<string, unknown>;
}

export async function createSession(apiKeyId: string, wanted: SessionRequest): Promise<Answer> {
  const { referenceId, providers = [], language = null, returnUrl = null, metadata = null } = wanted;
  const mayReturn = returnUrl === null || returnUrl === RETURN_URL || returnUrl.startsWith(`${RETURN_URL}/`);
  if (!isReferenceId(referenceId) || !mayReturn) return { status: 422, body: { code: 'request.invalid' } };
  const [id, nonce, token] = [uuidv7(), randomToken(), randomToken()];
  const createdAt = new Date();
  const given = [id, referenceId, providers, language, returnUrl, metadata, token, sha256(nonce), apiKeyId];
  await pool.query({
    ...INSERT_SESSION,
    values: [...given, createdAt, new Date(createdAt.getTime() + 15_000)],
  });
  const widget = await askTerra(referenceId, providers, nonce);
  if (!widget) return { status: 502, body: { code: 'terra.unavailable' } };
  const expiresAt = new Date(Date.now() + widget.expires_in * 1_000);
  const warnings = widget.warnings ?? [];
  await pool.query({ ...UPDATE_SESSION, values: [id, widget.session_id, widget.url, warnings, expiresAt] });
  const connectUrl = `${PUBLIC_URL}/connect/${token}`;
  const session = {
    id,
    status: 'pending',
    referenceId,
    connectUrl,
    widgetUrl: widget.url,
    providers,
    language,
  };
  return { status: 201, body: { ...session, returnUrl, metadata, warnings, createdAt, expiresAt } };
}

interface WidgetSession {
  session_id: string;
  url: string;
  expires_in: number;
  warnings?: string[];
}

async function askTerra(
  referenceId: string,
  providers: string[],
  nonce: string,
): Promise<WidgetSession | null> {
  const { statusCode, body } = await terra.request({
    method: 'POST',
    path: new URL(TERRA_WIDGET_URL).pathname,
    headers: { 'dev-id': TERRA_DEV_ID, 'x-api-key': TERRA_API_KEY, 'content-type': 'application/json' },
    body: JSON.stringify({
      reference_id: referenceId,
      auth_success_redirect_url: `${PUBLIC_URL}/connect/return/${nonce}/success`,
      auth_failure_redirect_url: `${PUBLIC_URL}/connect/return/${nonce}/failure`,
      ...(providers.length > 0 ? { providers: providers.join(',') } : {}),
    }),
    signal: AbortSignal.timeout(TERRA_DEADLINE_MS),
  });
  const answered = (await body.json()) as WidgetSession;
  return statusCode < 300 ? answered : null;
}

function verify(body: Buffer, header: string): { at: Date; signature: Buffer } | null {
  const [, seconds, hex] = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(header) ?? [];
  if (!seconds || !hex) return null;
  const expected = createHmac('sha256', SECRET).update(`${seconds}.`).update(body).digest();
  if (!timingSafeEqual(expected, Buffer.from(hex, 'hex'))) return null;
  if (Math.abs(Date.now() / 1_000 - Number(seconds)) > TOLERANCE_SECONDS) return null;
  return { at: new Date(Number(seconds) * 1_000), signature: expected };
}

function sha256(data: string | Buffer): Buffer {
  return createHash('sha256').update(data).digest();
}

function randomToken(): string {
  return randomBytes(32).toString('base64url');
}

function textOf(header: string | string[] | undefined): string | null {
  return typeof header === 'string' && header !== '' ? header : null;
}

function isReferenceId(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= 255 && !/\p{Cc}/u.test(value);
}

/** Ends the peer at a SIGTERM. */
export function endWith(close: () => void): void {
  process.once('SIGTERM', () => {
    close();
    pool.end().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  });
}
