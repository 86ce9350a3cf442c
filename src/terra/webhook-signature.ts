import { constantTimeEqual, hmacSha256 } from '../common';

/** Why the service rejects a signature. Also the label of the metric that counts rejections. */
export type SignatureRefusal =
  | 'missing'
  | 'malformed'
  | 'millisecond_timestamp'
  | 'no_match'
  | 'too_old'
  | 'too_far_ahead'
  | 'stale_unverified';

export type SignatureCheck = { ok: true; signedAt: Date } | { ok: false; cause: SignatureRefusal };

export type SignedHeaders = Record<string, string | string[] | undefined>;

/** Terra sends the same value under both names. The second name is deprecated; older versions send only this one. */
const HEADERS = ['x-terra-signature', 'terra-signature'];
const MAX_HEADER_LENGTH = 2_048;
const MAX_SIGNATURES = 8;
// Seconds with twelve digits reach the year 33658. A timestamp in milliseconds has thirteen digits.
const SECONDS = /^\d{1,12}$/;
const MILLISECONDS = /^\d{13,}$/;

/**
 * Checks `t=<unix seconds>,v1=<hex>[,v1=<hex>…]`: HMAC-SHA256 over `"{t}." + raw body` with a destination's secret. Any
 * `v1` may match any secret. Other schemes do not count, so that an attacker cannot choose a weaker one.
 *
 * @param toleranceSeconds how far `t` may be from `now`, in both directions, inclusive
 */
export function checkSignature(
  rawBody: Buffer,
  headers: SignedHeaders,
  secrets: string[],
  now: Date,
  toleranceSeconds: number,
): SignatureCheck {
  const parsed = readHeader(headers);
  if (typeof parsed === 'string') return { ok: false, cause: parsed };
  // Terra's own SDK also rejects an empty body, even with a valid signature.
  if (rawBody.length === 0) return { ok: false, cause: 'malformed' };
  if (!isSigned(rawBody, parsed, secrets)) return { ok: false, cause: 'no_match' };
  // Checks the signature before the age, so that the metric counts an age only for a timestamp that Terra has signed.
  const cause = judgeAge(parsed, now, toleranceSeconds);
  if (cause) return { ok: false, cause };
  return { ok: true, signedAt: new Date(Number(parsed.timestamp) * 1_000) };
}

/** Returns why the shape of the headers rules out a valid signature, or null. */
export function findHeaderProblem(headers: SignedHeaders): SignatureRefusal | null {
  const parsed = readHeader(headers);
  return typeof parsed === 'string' ? parsed : null;
}

/**
 * Whether the time in the signature is outside the tolerance. It is for bodies that are too large to be read before the
 * service knows more: nobody has proven yet who wrote this time.
 */
export function hasStaleTime(headers: SignedHeaders, now: Date, toleranceSeconds: number): boolean {
  const parsed = readHeader(headers);
  return typeof parsed !== 'string' && judgeAge(parsed, now, toleranceSeconds) !== null;
}

function judgeAge(
  { timestamp }: ParsedHeader,
  now: Date,
  toleranceSeconds: number,
): 'too_old' | 'too_far_ahead' | null {
  const ageSeconds = Math.floor(now.getTime() / 1_000) - Number(timestamp);
  if (ageSeconds > toleranceSeconds) return 'too_old';
  return -ageSeconds > toleranceSeconds ? 'too_far_ahead' : null;
}

interface ParsedHeader {
  timestamp: string;
  signatures: Buffer[];
}

function readHeader(headers: SignedHeaders): ParsedHeader | SignatureRefusal {
  const header = HEADERS.map((name) => headers[name]).find((value) => value !== undefined && value !== '');
  return header === undefined ? 'missing' : parseHeader(header);
}

function parseHeader(header: string | string[]): ParsedHeader | SignatureRefusal {
  // Node joins repeated headers with a comma, so a value with two timestamps comes from two headers.
  if (typeof header !== 'string' || header.length > MAX_HEADER_LENGTH) return 'malformed';
  const timestamps: string[] = [];
  const signatures: Buffer[] = [];
  for (const part of header.split(',')) {
    const [key, ...rest] = part.trim().split('=');
    const value = rest.join('=');
    if (key === 't') timestamps.push(value);
    if (key === 'v1' && /^[0-9a-f]{64}$/i.test(value)) signatures.push(Buffer.from(value, 'hex'));
  }
  const [timestamp] = timestamps;
  if (timestamps.length !== 1 || timestamp === undefined) return 'malformed';
  if (MILLISECONDS.test(timestamp)) return 'millisecond_timestamp';
  if (!SECONDS.test(timestamp) || signatures.length === 0 || signatures.length > MAX_SIGNATURES)
    return 'malformed';
  return { timestamp, signatures };
}

// Compares every secret with every signature, so that the duration does not reveal which one matches.
function isSigned(rawBody: Buffer, { timestamp, signatures }: ParsedHeader, secrets: string[]): boolean {
  let matches = false;
  for (const secret of secrets) {
    const expected = hmacSha256(secret, `${timestamp}.`, rawBody);
    for (const signature of signatures) matches = constantTimeEqual(expected, signature) || matches;
  }
  return matches;
}
