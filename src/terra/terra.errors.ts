import { DomainError } from '../common';

/** Terra does not accept our dev-id and API key: 401, and 403 or 404 where they mean the same. */
export class TerraBadCredentialsError extends DomainError {
  constructor() {
    super(
      'upstream',
      'terra.bad_credentials',
      'Terra does not accept our credentials. An operator must check that TERRA_DEV_ID and TERRA_API_KEY belong to the same Terra environment.',
    );
  }
}

export class TerraNotEntitledError extends DomainError {
  constructor() {
    super(
      'upstream',
      'terra.not_entitled',
      'The Terra account is not entitled to this. An operator must ask Terra.',
    );
  }
}

export class TerraNoProviderEnabledError extends DomainError {
  constructor() {
    super(
      'upstream',
      'terra.no_provider_enabled',
      'No data source is enabled for this Terra environment. An operator must enable one on the Terra dashboard under Sources.',
    );
  }
}

export class TerraUserCapReachedError extends DomainError {
  constructor() {
    super(
      'upstream',
      'terra.user_cap_reached',
      'This Terra environment has no room for another user (testing and staging hold 50). An operator must deauthenticate test users or use production.',
    );
  }
}

/** Terra says that our request is wrong; ours to mend, not the caller's. */
export class TerraRejectedError extends DomainError {
  constructor(readonly status: number) {
    super(
      'upstream',
      'terra.rejected',
      'Terra refused the request. The log holds what it said, under this request.',
    );
  }
}

export class TerraMalformedAnswerError extends DomainError {
  constructor(cause?: unknown) {
    super('upstream', 'terra.malformed_answer', 'Terra answered with something that cannot be read.', {
      cause,
    });
  }
}

export class TerraUnavailableError extends DomainError {
  constructor(options: { retryAfterSeconds?: number; cause?: unknown } = {}) {
    super(
      'unavailable',
      'terra.unavailable',
      'Terra cannot be reached or fails at the moment. Try again later.',
      {
        retryAfterSeconds: options.retryAfterSeconds ?? 10,
        cause: options.cause,
      },
    );
  }
}

export class TerraRateLimitedError extends DomainError {
  constructor(retryAfterSeconds = 30) {
    super('unavailable', 'terra.rate_limited', 'Terra asks us to slow down. Try again later.', {
      retryAfterSeconds,
    });
  }
}

export class TerraTimeoutError extends DomainError {
  constructor(cause?: unknown) {
    super('timeout', 'terra.timeout', 'Terra did not answer in time. Try again.', { cause });
  }
}

export class TerraNoWidgetEndpointError extends DomainError {
  constructor() {
    super(
      'upstream',
      'terra.no_widget_endpoint',
      'No widget-session endpoint of Terra serves this account. An operator must check TERRA_WIDGET_URL, TERRA_API_URL and TERRA_WIDGET_GENERATION.',
    );
  }
}

/** A 404. What it means depends on what was asked, so the client decides; it never reaches a caller as it is. */
export class TerraNotFoundError extends DomainError {
  constructor() {
    super('upstream', 'terra.not_found', 'Terra does not know what was asked for.');
  }
}

/** A 410: the endpoint has been withdrawn for this account. */
export class TerraGoneError extends DomainError {
  constructor() {
    super('upstream', 'terra.gone', 'Terra has withdrawn this endpoint for our account.');
  }
}

/** A part of Terra's API is not where it should be: our address of it is wrong, or Terra has withdrawn it. */
export class TerraEndpointMissingError extends DomainError {
  constructor(operation: string) {
    super(
      'upstream',
      'terra.endpoint_missing',
      `Terra does not have the endpoint for ${operation} where we look for it. An operator must check TERRA_API_URL.`,
    );
  }
}
