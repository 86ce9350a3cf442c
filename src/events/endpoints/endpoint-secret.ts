import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import type { EventEndpoint } from './event-endpoint.entity';

const SECRET_BYTES = 32;

/** Creates a secret of Standard Webhooks. */
export function newSecret(): string {
  return `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;
}

export type Signer = Pick<EventEndpoint, 'secret' | 'previousSecret' | 'previousSecretUntil'>;

/** The headers of Standard Webhooks. During a rotation there are two signatures, and a receiver accepts either. */
export function signatureHeaders(
  signer: Signer,
  id: string,
  json: string,
  now: Date,
): Record<string, string> {
  const { secret, previousSecret, previousSecretUntil } = signer;
  const isOverlap = previousSecret !== null && previousSecretUntil !== null && now < previousSecretUntil;
  const signatures = [secret, ...(isOverlap ? [previousSecret] : [])].map((one) =>
    new Webhook(one).sign(id, now, json),
  );
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
    'webhook-signature': signatures.join(' '),
  };
}
