import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Clock } from '../common';
import { WebhookSigningOptions } from '../config';
import type { AddressedRequest } from '../http';
import { checkSignature } from '../terra';
import { SignatureRefusals } from './signature-refusals';
import type { SignedDelivery } from './webhook-inbox.service';

export interface WebhookRequest extends AddressedRequest {
  headers: Record<string, string | string[] | undefined>;
  /** The raw bytes from raw-body.ts; undefined without a body. */
  body?: Buffer;
  delivery?: SignedDelivery;
}

/** Accepts a webhook if one of our secrets signed its bytes, and the time of the signature is within the tolerance. */
@Injectable()
export class TerraSignatureGuard implements CanActivate {
  constructor(
    private readonly refusals: SignatureRefusals,
    private readonly clock: Clock,
    private readonly options: WebhookSigningOptions,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<WebhookRequest>();
    const { signingSecrets, signatureToleranceSeconds } = this.options;
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const now = this.clock.now();
    const check = checkSignature(body, request.headers, signingSecrets, now, signatureToleranceSeconds);
    if (!check.ok) throw this.refusals.refuse(check.cause, request);
    request.delivery = { body, signedAt: check.signedAt };
    return true;
  }
}
