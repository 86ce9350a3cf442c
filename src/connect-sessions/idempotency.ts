import { sha256 } from '../common';
import { IdempotencyKeyMalformedError } from './connect-sessions.errors';

/** @throws IdempotencyKeyMalformedError */
export function readIdempotencyKey(header: string | undefined): string | null {
  if (header === undefined) return null;
  if (!/^[\x21-\x7e]{1,255}$/.test(header)) throw new IdempotencyKeyMalformedError();
  return header;
}

/** Requests that differ only in the order of their members have the same digest. */
export function digestOf(request: object): Buffer {
  return sha256(
    JSON.stringify(request, (_, value: unknown) => (isPlain(value) ? sortMembers(value) : value)),
  );
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sortMembers(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
