import { randomBytes, randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { TerraEvent } from '../account/events';
import type { Behaviour } from '../behaviour';
import { queryText } from '../pages/request-fields';

interface StoredPayload {
  body: string;
  signature: string;
  expiresAt: number;
}

const MAX_PAYLOADS = 200;
const MAX_BYTES = 64 * 1_024 * 1_024;

export interface PayloadStoreOptions {
  behaviour: Behaviour;
  now: () => number;
  /** Origin of the URLs. */
  publicUrl: () => string;
}

/** Bodies that wait at a presigned URL, as in Terra's bucket. Keeps the newest 200, or 64 MB. */
export class PayloadStore {
  private readonly byKey = new Map<string, StoredPayload>();
  private bytes = 0;

  constructor(private readonly options: PayloadStoreOptions) {}

  /** Stores a body, and returns the event that points to it. Terra's form for webhooks names no user. */
  pointerTo(body: string): TerraEvent {
    const { now, publicUrl, behaviour } = this.options;
    const key = randomUUID();
    const signature = randomBytes(16).toString('hex');
    const expiresIn = behaviour.pointerSeconds;
    this.byKey.set(key, { body, signature, expiresAt: now() + expiresIn * 1_000 });
    this.bytes += body.length;
    this.forgetOldest();
    const query = new URLSearchParams({
      'X-Amz-Expires': String(expiresIn),
      'X-Amz-Signature': signature,
    });
    return pointerEvent(`${publicUrl()}/payloads/${key}?${query.toString()}`, expiresIn);
  }

  /** The body, or the error of a bucket: 403 also for a wrong signature. */
  find(key: string, signature: string | null): { body: string } | { status: number; code: string } {
    const found = this.byKey.get(key);
    if (!found) return { status: 404, code: 'NoSuchKey' };
    if (found.signature !== signature || found.expiresAt <= this.options.now()) {
      return { status: 403, code: 'AccessDenied' };
    }
    return { body: found.body };
  }

  clear(): void {
    this.byKey.clear();
    this.bytes = 0;
  }

  private forgetOldest(): void {
    for (const [key, { body }] of this.byKey) {
      if (this.byKey.size <= MAX_PAYLOADS && this.bytes <= MAX_BYTES) return;
      this.byKey.delete(key);
      this.bytes -= body.length;
    }
  }
}

export function pointerEvent(url: string, expiresIn: number): TerraEvent {
  return { type: 's3_payload', status: 'success', url, expires_in: expiresIn };
}

/** The bucket: `GET` of a presigned URL, and the XML errors of S3. */
export function payloadRoutes(server: FastifyInstance, payloads: PayloadStore): void {
  server.get<{ Params: { key: string } }>('/payloads/:key', (request, reply) => {
    const found = payloads.find(request.params.key, queryText(request.query, 'X-Amz-Signature'));
    if ('body' in found) return reply.type('application/json').send(found.body);
    return reply.code(found.status).type('application/xml').send(xmlError(found.code));
  });
}

function xmlError(code: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code></Error>`;
}
