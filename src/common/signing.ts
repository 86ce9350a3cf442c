import { createHmac, hash, randomBytes, timingSafeEqual } from 'node:crypto';

/** Returns a random secret of 256 bits as 43 characters that a URL path may contain. */
export function randomToken(): string {
  return randomBytes(32).toString('base64url');
}

export function sha256(data: string | Buffer): Buffer {
  return hash('sha256', data, 'buffer');
}

export function hmacSha256(secret: string, ...parts: (string | Buffer)[]): Buffer {
  const hmac = createHmac('sha256', secret);
  for (const part of parts) hmac.update(part);
  return hmac.digest();
}

/** Compares two buffers in constant time. Buffers of different lengths are not equal. */
export function constantTimeEqual(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
