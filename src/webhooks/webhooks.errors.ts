import { DomainError } from '../common';

/** One answer for every cause, so that a forger learns nothing. The metric and the log have the cause. */
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

const MAX_IDS_IN_TEXT = 5;

export class WebhookEventNotFoundError extends DomainError {
  constructor(ids: string[]) {
    const named = ids.slice(0, MAX_IDS_IN_TEXT).join(', ');
    const more = ids.length > MAX_IDS_IN_TEXT ? ` and ${ids.length - MAX_IDS_IN_TEXT} more` : '';
    super('not_found', 'webhook_event.not_found', `There is no webhook event ${named}${more}.`, {
      details: { unknownIds: ids },
    });
  }
}
