import { Injectable, Logger } from '@nestjs/common';
import { ContentEncodingUnsupportedError } from '../http';
import { Metrics } from '../observability';
import type { SignatureRefusal } from '../terra';
import { SignatureRefusedError } from './webhooks.errors';

/** Counts and logs rejected webhooks by cause. The response does not name the cause. */
@Injectable()
export class SignatureRefusals {
  private readonly logger = new Logger(SignatureRefusals.name);

  constructor(private readonly metrics: Metrics) {}

  refuse(cause: SignatureRefusal): SignatureRefusedError {
    this.metrics.webhookRejections.inc({ cause });
    this.logger.warn({ event: 'webhook.signature_refused', cause });
    return new SignatureRefusedError();
  }

  /** Terra documents no compression, so a proxy has probably compressed the body. Terra sends the delivery again. */
  rejectEncoded(): ContentEncodingUnsupportedError {
    this.metrics.webhookRejections.inc({ cause: 'content_encoding' });
    this.logger.warn({ event: 'webhook.encoding_rejected' });
    return new ContentEncodingUnsupportedError();
  }
}
