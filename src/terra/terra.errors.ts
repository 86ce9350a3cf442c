import { DomainError } from '../common';

/** Terra rejects our dev-id and API key; `errorOfAnswer` lists the statuses that mean this. */
export class TerraBadCredentialsError extends DomainError {
  constructor() {
    super(
      'upstream',
      'terra.bad_credentials',
      'Terra rejected the credentials of the service. An operator must check that TERRA_DEV_ID and TERRA_API_KEY belong to the same Terra environment.',
    );
  }
}

export class TerraNotEntitledError extends DomainError {
  constructor() {
    super(
      'upstream',
      'terra.not_entitled',
      'The Terra account is not entitled to this operation. An operator must ask Terra for access.',
    );
  }
}

export class TerraNoProviderEnabledError extends DomainError {
  constructor() {
    super(
      'upstream',
      'terra.no_provider_enabled',
      'This Terra environment has no enabled data source. An operator must enable one on the Terra dashboard under Sources.',
    );
  }
}

export class TerraUserCapReachedError extends DomainError {
  constructor() {
    super(
      'upstream',
      'terra.user_cap_reached',
      'This Terra environment has reached its limit of users (50 in testing and staging). An operator must deauthenticate test users or use production.',
    );
  }
}

/** Terra rejects our request. The fault is in the service, not in the caller's request. */
export class TerraRejectedError extends DomainError {
  constructor(readonly status: number) {
    super(
      'upstream',
      'terra.rejected',
      "Terra rejected the request. An operator finds Terra's reason in the log by the request id.",
    );
  }
}

export class TerraMalformedAnswerError extends DomainError {
  constructor(cause?: unknown) {
    super(
      'upstream',
      'terra.malformed_answer',
      "The service cannot read Terra's answer. Retry. If this continues, an operator must check the log.",
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
      'Terra is unreachable or fails. Wait for the seconds in Retry-After, then retry.',
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
      'Terra limits the rate of our requests. Wait for the seconds in Retry-After, then retry.',
      {
        retryAfterSeconds,
      },
    );
  }
}

/**
 * The service did not call Terra, because it pauses its calls: they kept failing, or Terra limits their rate. The code
 * tells a caller which; a worker gives its work back as if it had not taken it.
 */
export class TerraPausedError extends DomainError {
  constructor(code: 'terra.unavailable' | 'terra.rate_limited', waitMs: number) {
    super(
      'unavailable',
      code,
      code === 'terra.unavailable'
        ? 'Terra fails or is unreachable, so the service pauses its calls to Terra. Wait for the seconds in Retry-After, then retry.'
        : 'Terra limits the rate of our requests. Wait for the seconds in Retry-After, then retry.',
      { retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1_000)) },
    );
  }
}

export class TerraTimeoutError extends DomainError {
  constructor(cause?: unknown) {
    super(
      'timeout',
      'terra.timeout',
      'Terra did not answer in time. Wait for the seconds in Retry-After, then retry.',
      { retryAfterSeconds: 10, cause },
    );
  }
}

/** Terra's list of users goes on after the number of pages that a sweep reads. */
export class TerraListTooLongError extends DomainError {
  constructor(maxPages: number) {
    super(
      'upstream',
      'terra.list_too_long',
      `Terra's list of users has more than ${maxPages} pages. An operator must check the list: either Terra's page numbers do not end, or the limit in terra.client.ts is too low for this Terra account.`,
    );
  }
}

export class TerraNoWidgetEndpointError extends DomainError {
  constructor() {
    super(
      'upstream',
      'terra.no_widget_endpoint',
      'Terra has no widget-session endpoint for this Terra account at the configured URLs. An operator must check TERRA_WIDGET_URL, TERRA_API_URL and TERRA_WIDGET_GENERATION.',
    );
  }
}

/** Terra answered 404. Its meaning depends on the call, so code of this module always converts this error. */
export class TerraNotFoundError extends DomainError {
  constructor() {
    super('upstream', 'terra.not_found', 'Terra does not know the requested resource.');
  }
}

/** Terra answered 410: it has withdrawn the endpoint for this Terra account. */
export class TerraGoneError extends DomainError {
  constructor() {
    super('upstream', 'terra.gone', 'Terra has withdrawn this endpoint for this Terra account.');
  }
}

/** An endpoint of Terra does not exist: our URL is wrong, or Terra has withdrawn the endpoint. */
export class TerraEndpointMissingError extends DomainError {
  constructor(operation: string) {
    super(
      'upstream',
      'terra.endpoint_missing',
      `Terra has no endpoint for ${operation} at the configured URL. An operator must check TERRA_API_URL.`,
    );
  }
}
