import { Injectable, Logger } from '@nestjs/common';
import { Metrics } from '../observability';
import type { SignatureRefusal } from '../terra';
import { SignatureRefusedError } from './webhooks.errors';

/** Counts and logs rejected webhooks by cause. The response does not name the cause. */
@Injectable()
export class SignatureRefusals {
  private readonly logger = new Logger(SignatureRefusals.name);

  constructor(private readonly metrics: Metrics) {}

  refuse(cause: SignatureRefusal, options: { leavesBodyUnread?: boolean } = {}): SignatureRefusedError {
    this.metrics.webhookRejections.inc({ cause });
    this.logger.warn({ event: 'webhook.signature_refused', cause });
    return new SignatureRefusedError(options);
  }
}
