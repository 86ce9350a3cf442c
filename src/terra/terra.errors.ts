import { DomainError } from '../common';

/** Terra does not accept our dev-id and API key: a 401, or a 403 or 404 that means the same. */
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
      'The Terra account is not entitled to this. An operator must ask Terra for access.',
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
      'This Terra environment cannot hold another user (testing and staging hold 50). An operator must deauthenticate test users or use production.',
    );
  }
}

/** Terra refuses our request. The service must be fixed, not the caller's request. */
export class TerraRejectedError extends DomainError {
  constructor(readonly status: number) {
    super(
      'upstream',
      'terra.rejected',
      "Terra refused the request. The log of the service has Terra's answer under the request id.",
    );
  }
}

export class TerraMalformedAnswerError extends DomainError {
  constructor(cause?: unknown) {
    super(
      'upstream',
      'terra.malformed_answer',
      "Terra's answer cannot be read. Retry; if it persists, an operator must look at the log.",
      {
        cause,
      },
    );
  }
}

export class TerraUnavailableError extends DomainError {
  constructor(options: { retryAfterSeconds?: number; cause?: unknown } = {}) {
    super(
      'unavailable',
      'terra.unavailable',
      'Terra cannot be reached or fails at the moment. Retry after Retry-After.',
      {
        retryAfterSeconds: options.retryAfterSeconds ?? 10,
        cause: options.cause,
      },
    );
  }
}

export class TerraRateLimitedError extends DomainError {
  constructor(retryAfterSeconds = 30) {
    super(
      'unavailable',
      'terra.rate_limited',
      'Terra limits the rate of our requests. Retry after Retry-After.',
      {
        retryAfterSeconds,
      },
    );
  }
}

export class TerraTimeoutError extends DomainError {
  constructor(cause?: unknown) {
    super('timeout', 'terra.timeout', 'Terra did not answer in time. Retry.', { cause });
  }
}

export class TerraNoWidgetEndpointError extends DomainError {
  constructor() {
    super(
      'upstream',
      'terra.no_widget_endpoint',
      'No widget-session endpoint of Terra exists for this account. An operator must check TERRA_WIDGET_URL, TERRA_API_URL and TERRA_WIDGET_GENERATION.',
    );
  }
}

/** A 404. Its meaning depends on the call, so the client decides; it never reaches a caller unchanged. */
export class TerraNotFoundError extends DomainError {
  constructor() {
    super('upstream', 'terra.not_found', 'Terra does not know the requested resource.');
  }
}

/** A 410: Terra has withdrawn the endpoint for this account. */
export class TerraGoneError extends DomainError {
  constructor() {
    super('upstream', 'terra.gone', 'Terra has withdrawn this endpoint for our account.');
  }
}

/** An endpoint of Terra does not exist: our URL is wrong, or Terra has withdrawn it. */
export class TerraEndpointMissingError extends DomainError {
  constructor(operation: string) {
    super(
      'upstream',
      'terra.endpoint_missing',
      `Terra has no endpoint for ${operation} at the configured URL. An operator must check TERRA_API_URL.`,
    );
  }
}
