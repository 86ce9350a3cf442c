import { createHmac, randomBytes } from 'node:crypto';
import type { EventMessage } from '../cloud-event';
import type { EventEndpoint } from './event-endpoint.entity';

const SECRET_BYTES = 32;
const PREFIX = 'whsec_';

/** Creates a secret of Standard Webhooks. */
export function newSecret(): string {
  return `${PREFIX}${randomBytes(SECRET_BYTES).toString('base64')}`;
}

export type Signer = Pick<EventEndpoint, 'secret' | 'previousSecret' | 'previousSecretUntil'>;

/**
 * The headers of Standard Webhooks. During a rotation there are two signatures, and a receiver accepts either. Their package
 * signs only a text, which it copies twice, and hashes it in JavaScript: a body of 15 MB would stop the process for most of a
 * second. The tests verify with the package.
 */
export function signatureHeaders(
  signer: Signer,
  { id, parts }: Pick<EventMessage, 'id' | 'parts'>,
  now: Date,
): Record<string, string> {
  const { secret, previousSecret, previousSecretUntil } = signer;
  const isOverlap = previousSecret !== null && previousSecretUntil !== null && now < previousSecretUntil;
  const timestamp = String(Math.floor(now.getTime() / 1_000));
  const signatures = [secret, ...(isOverlap ? [previousSecret] : [])].map((one) =>
    sign(one, `${id}.${timestamp}.`, parts),
  );
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures.join(' '),
  };
}

function sign(secret: string, head: string, parts: readonly Buffer[]): string {
  const hmac = createHmac('sha256', Buffer.from(secret.slice(PREFIX.length), 'base64')).update(head);
  for (const part of parts) hmac.update(part);
  return `v1,${hmac.digest('base64')}`;
}
