import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Clock } from '../common';
import { TERRA_CONNECT_OPTIONS, type TerraConnectOptions } from '../config';
import { checkSignature } from '../terra';
import { SignatureRefusals } from './signature-refusals';
import type { SignedDelivery } from './webhook-inbox.service';
import { WebhookTooLargeError } from './webhooks.errors';

export interface WebhookRequest {
  headers: Record<string, string | string[] | undefined>;
  /** See raw-body.ts: the bytes, undefined when there were none, null when there were too many. */
  body?: Buffer | null;
  delivery?: SignedDelivery;
}

/** Lets a webhook through when one of our secrets signed its bytes, lately. */
@Injectable()
export class TerraSignatureGuard implements CanActivate {
  constructor(
    private readonly refusals: SignatureRefusals,
    private readonly clock: Clock,
    @Inject(TERRA_CONNECT_OPTIONS) private readonly options: TerraConnectOptions,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<WebhookRequest>();
    const { signingSecrets, signatureToleranceSeconds } = this.options.terra;
    if (request.body === null) throw new WebhookTooLargeError();
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const now = this.clock.now();
    const check = checkSignature(body, request.headers, signingSecrets, now, signatureToleranceSeconds);
    if (!check.ok) throw this.refusals.refuse(check.cause);
    request.delivery = { body, signedAt: check.signedAt, signatureDigest: check.signatureDigest };
    return true;
  }
}
