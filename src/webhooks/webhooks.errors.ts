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

const RETRY_AFTER_SECONDS = 5;

/** The database is too slow or not available. The code is the one of every other request then. */
export class DeliveryNotStoredError extends DomainError {
  constructor(cause?: unknown) {
    super(
      'unavailable',
      'database.unavailable',
      'The service could not store the delivery in time. Send it again.',
      { retryAfterSeconds: RETRY_AFTER_SECONDS, cause },
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
