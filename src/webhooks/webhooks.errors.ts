import { DomainError } from '../common';

/** One answer for every cause: a forger learns nothing from it. The metric and the log have the cause. */
export class SignatureRefusedError extends DomainError {
  constructor() {
    super('unauthorized', 'webhook.signature_refused', 'The signature cannot be accepted.', {
      challenge: 'Terra-Signature',
    });
  }
}

export class WebhookTooLargeError extends DomainError {
  constructor() {
    super('too_large', 'request.too_large', 'The body is larger than this route accepts.');
  }
}
