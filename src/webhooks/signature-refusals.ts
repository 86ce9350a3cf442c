import { Injectable, Logger } from '@nestjs/common';
import { RateLimitedError } from '../common';
import { clientAddressOf, ContentEncodingUnsupportedError, type AddressedRequest } from '../http';
import { Metrics } from '../observability';
import { RateLimits } from '../rate-limits';
import type { SignatureRefusal } from '../terra';
import { SignatureRefusedError } from './webhooks.errors';

/**
 * Counts and logs rejected webhooks by cause. The response does not name the cause.
 *
 * T-21: beyond the limit of an address, the answer is 429 and the log has no line for each of them. Only a webhook whose
 * signature is already rejected counts, because all deliveries of Terra can come from one address: that of a proxy.
 */
@Injectable()
export class SignatureRefusals {
  private readonly logger = new Logger(SignatureRefusals.name);

  constructor(
    private readonly metrics: Metrics,
    private readonly limits: RateLimits,
  ) {}

  refuse(cause: SignatureRefusal, request: AddressedRequest): SignatureRefusedError | RateLimitedError {
    this.metrics.webhookRejections.inc({ cause });
    const limited = this.takeFromLimit(request);
    if (limited) return limited;
    this.logger.warn({ event: 'webhook.signature_refused', cause });
    return new SignatureRefusedError();
  }

  /** Terra documents no compression, so a proxy has probably compressed the body. Terra sends the delivery again. */
  rejectEncoded(request: AddressedRequest): ContentEncodingUnsupportedError | RateLimitedError {
    this.metrics.webhookRejections.inc({ cause: 'content_encoding' });
    const limited = this.takeFromLimit(request);
    if (limited) return limited;
    this.logger.warn({ event: 'webhook.encoding_rejected' });
    return new ContentEncodingUnsupportedError();
  }

  private takeFromLimit(request: AddressedRequest): RateLimitedError | null {
    try {
      this.limits.refusedWebhooks.take(clientAddressOf(request));
      return null;
    } catch (error) {
      if (error instanceof RateLimitedError) return error;
      throw error;
    }
  }
}
