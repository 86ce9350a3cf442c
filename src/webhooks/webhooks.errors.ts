import { DomainError } from '../common';

/** The same response for every cause, so that an attacker learns nothing. The metric and the log have the cause. */
export class SignatureRefusedError extends DomainError {
  constructor() {
    super(
      'unauthorized',
      'webhook.signature_refused',
      'The service rejects the signature. The log has the cause.',
      {
        challenge: 'Terra-Signature',
      },
    );
  }
}

export class WebhookTooLargeError extends DomainError {
  constructor() {
    super('too_large', 'request.too_large', 'The body is larger than this route accepts.');
  }
}

export class WebhookIncompleteError extends DomainError {
  constructor() {
    super(
      'invalid',
      'request.incomplete',
      'The connection ended before the whole body arrived. Send it again.',
    );
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
