import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Pool as HttpPool } from 'undici';
import { v7 as uuidv7 } from 'uuid';
import { RETURN_URL } from '../credentials';
import { answer, authenticate, isReferenceId, pool, readBody, sha256 } from './context';

const { PUBLIC_URL, TERRA_WIDGET_URL = '', TERRA_DEV_ID = '', TERRA_API_KEY = '' } = process.env;
const BODY_LIMIT = 1_024 * 1_024;
const TERRA_DEADLINE_MS = 10_000;
const terra = new HttpPool(new URL(TERRA_WIDGET_URL).origin, { connections: 64, pipelining: 1 });

const INSERT = {
  name: 'insert_session',
  text: `INSERT INTO terra_connect.connect_sessions
      (id, reference_id, status, providers, language, show_disconnect, multi_auth, return_url, failure_return_url,
       metadata, connect_token, return_nonce_hash, api_key_id, created_at, updated_at, expires_at)
    VALUES ($1, $2, 'pending', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13, $14)`,
};
const UPDATE = {
  name: 'update_session',
  text: `UPDATE terra_connect.connect_sessions
    SET terra_session_id = $2, widget_url = $3, widget_generation = 'current', warnings = $4, expires_at = $5
    WHERE id = $1`,
};

interface SessionRequest {
  referenceId: string;
  providers?: string[];
  language?: string;
  returnUrl?: string;
  failureReturnUrl?: string;
  metadata?: Record<string, unknown>;
  showDisconnect?: boolean;
  multiAuth?: boolean;
}

interface WidgetSession {
  session_id: string;
  url: string;
  expires_in: number;
  warnings?: string[];
}

export async function createSession(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const apiKeyId = await authenticate(request, response, 'sessions:write');
  if (!apiKeyId) return;
  const wanted = JSON.parse(String(await readBody(request, BODY_LIMIT))) as SessionRequest;
  const { referenceId, providers = [], language = null, metadata = null } = wanted;
  const { returnUrl = null, failureReturnUrl = null, showDisconnect = false, multiAuth = false } = wanted;
  const allowed = [returnUrl, failureReturnUrl].every((url) => url === null || isAllowed(url));
  if (!isReferenceId(referenceId) || !allowed) return answer(response, 422, { code: 'request.invalid' });

  const id = uuidv7();
  const nonce = randomBytes(32).toString('base64url');
  const token = randomBytes(32).toString('base64url');
  const createdAt = new Date();
  const asked = [
    id,
    referenceId,
    providers,
    language,
    showDisconnect,
    multiAuth,
    returnUrl,
    failureReturnUrl,
  ];
  const limit = new Date(createdAt.getTime() + 15_000);
  await pool.query({
    ...INSERT,
    values: [...asked, metadata, token, sha256(nonce), apiKeyId, createdAt, limit],
  });
  const widget = await askTerra(referenceId, providers, nonce);
  if (!widget) return answer(response, 502, { code: 'terra.unavailable' });
  const warnings = widget.warnings ?? [];
  const expiresAt = new Date(Date.now() + widget.expires_in * 1_000);
  await pool.query({ ...UPDATE, values: [id, widget.session_id, widget.url, warnings, expiresAt] });
  answer(response, 201, {
    id,
    status: 'pending',
    referenceId,
    connectUrl: `${PUBLIC_URL}/connect/${token}`,
    widgetUrl: widget.url,
    providers,
    language,
    returnUrl,
    failureReturnUrl,
    showDisconnect,
    multiAuth,
    metadata,
    warnings,
    failureReason: null,
    connectionId: null,
    connections: [],
    createdAt,
    expiresAt,
    openedAt: null,
    endedAt: null,
  });
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

function isAllowed(url: string): boolean {
  return url === RETURN_URL || url.startsWith(`${RETURN_URL}/`);
}
