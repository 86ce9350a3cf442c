import { DomainError, RequestInvalidError } from '../common';
import type { ConnectSession } from './connect-session.entity';

export class ConnectSessionNotFoundError extends DomainError {
  constructor() {
    super('not_found', 'session.not_found', 'There is no such connect session.');
  }
}

export class ReturnUrlNotAllowedError extends DomainError {
  constructor(field: string, detail: string) {
    super('invalid', 'session.return_url_not_allowed', `The ${field} ${detail}.`, {
      details: { errors: [{ field, detail }] },
    });
  }
}

export class IdempotencyKeyMalformedError extends RequestInvalidError {
  constructor() {
    super([{ field: 'Idempotency-Key', detail: 'must have 1 to 255 visible ASCII characters' }]);
  }
}

export class IdempotencyKeyReusedError extends DomainError {
  constructor() {
    super(
      'invalid',
      'idempotency.key_reused',
      'This Idempotency-Key was used for another request. Use a new key for a new request.',
    );
  }
}

export class IdempotencyInFlightError extends DomainError {
  constructor() {
    super(
      'conflict',
      'idempotency.in_flight',
      'The first request with this Idempotency-Key is still in progress. Retry in a moment.',
      { retryAfterSeconds: 1 },
    );
  }
}

/** The link that the end user followed is unknown. The browser gets a page with this text. */
export class ConnectLinkUnknownError extends DomainError {
  constructor() {
    super('not_found', 'connect_link.unknown', 'This link is not known.');
  }
}

export class ConnectLinkSpentError extends DomainError {
  constructor(readonly session: ConnectSession) {
    super('gone', 'connect_link.spent', 'This link has been used.');
  }
}

export class ConnectLinkExpiredError extends DomainError {
  /** `isRenewable`: a POST to the URL of this request makes a new link. */
  constructor(
    readonly session: ConnectSession,
    readonly link: { isRenewable: boolean },
  ) {
    super('gone', 'connect_link.expired', 'This link has expired.');
  }
}
