import { Pool } from 'undici';
import type { PlannedRequest } from './workloads';

// A server that is silent for longer has failed.
const TIMEOUTS = { connectTimeout: 5_000, headersTimeout: 15_000, bodyTimeout: 15_000 };

export function openPool(origin: string, connections: number): Pool {
  return new Pool(origin, { connections, pipelining: 1, ...TIMEOUTS });
}

/** Sends a request. @throws Error for any other answer than the planned one: an error comes faster, so it must not count */
export async function send(pool: Pool, request: PlannedRequest): Promise<void> {
  const { method, path, headers, body, status, contains } = request;
  const answer = await pool.request({ method, path, headers, body });
  const text = await answer.body.text();
  if (answer.statusCode !== status || (contains !== undefined && !text.includes(contains)))
    throw new Error(`${method} ${path} answered ${answer.statusCode}: ${text.slice(0, 500)}`);
}
