import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Pool } from 'pg';

// The service's pool has the same size.
export const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 12 });

const LAST_USED_GRANULARITY_MS = 60_000;

interface ApiKey {
  id: string;
  scopes: string[];
  last_used_at: Date | null;
}

export function sha256(data: string | Buffer): Buffer {
  return createHash('sha256').update(data).digest();
}

export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

export function answer(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response
    .writeHead(status, {
      'content-type': 'application/json; charset=utf-8',
      'content-length': Buffer.byteLength(text),
    })
    .end(text);
}

/** @returns the id of the caller's API key, or null when this function has answered 401 or 403 */
export async function authenticate(
  request: IncomingMessage,
  response: ServerResponse,
  scope: string,
): Promise<string | null> {
  const key = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  const { rows } = await pool.query<ApiKey>({
    name: 'find_api_key',
    text: `SELECT id, scopes, last_used_at FROM terra_connect.api_keys WHERE key_hash = $1 AND revoked_at IS NULL`,
    values: [sha256(key ?? '')],
  });
  const found = rows[0];
  if (!found) {
    answer(response, 401, { code: 'auth.invalid_key' });
    return null;
  }
  if (!found.scopes.includes('admin') && !found.scopes.includes(scope)) {
    answer(response, 403, { code: 'auth.missing_scope' });
    return null;
  }
  if (Date.now() - (found.last_used_at?.getTime() ?? 0) > LAST_USED_GRANULARITY_MS) {
    await pool.query(`UPDATE terra_connect.api_keys SET last_used_at = now() WHERE id = $1`, [found.id]);
  }
  return found.id;
}

export function isReferenceId(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= 255 && !/\p{Cc}/u.test(value);
}
