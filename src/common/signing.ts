import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** A secret for a URL path: 256 random bits, 43 characters. */
export function randomToken(): string {
  return randomBytes(32).toString('base64url');
}

export function sha256(data: string | Buffer): Buffer {
  return createHash('sha256').update(data).digest();
}

export function hmacSha256(secret: string, ...parts: (string | Buffer)[]): Buffer {
  const hmac = createHmac('sha256', secret);
  for (const part of parts) hmac.update(part);
  return hmac.digest();
}

/** Compares in constant time. Buffers of different length differ. */
export function constantTimeEqual(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
