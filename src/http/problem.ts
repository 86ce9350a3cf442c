import { HttpException } from '@nestjs/common';
import { DomainError, isDatabaseUnavailable, RateLimitedError, type DomainErrorKind } from '../common';
import { rateLimitHeaders } from './rate-limit-headers';

/** HTTP status by kind of error. No other code maps kinds to statuses. */
const STATUS_OF_KIND: Record<DomainErrorKind, number> = {
  malformed: 400,
  unsupported: 415,
  invalid: 422,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  gone: 410,
  conflict: 409,
  too_large: 413,
  rate_limited: 429,
  upstream: 502,
  unavailable: 503,
  timeout: 504,
};

// The problems for errors that the framework throws before our code runs.
const FRAMEWORK_PROBLEMS: Record<number, { code: string; detail: string }> = {
  400: {
    code: 'request.malformed',
    detail:
      'The service cannot read the request. Send a correctly percent-encoded URL and a valid JSON body.',
  },
  404: {
    code: 'route.not_found',
    detail: 'This route does not exist. GET /openapi.json lists all routes.',
  },
  405: { code: 'route.method_not_allowed', detail: 'This route does not accept this method.' },
  408: { code: 'request.timeout', detail: 'The request took too long to arrive. Send it again.' },
  413: {
    code: 'request.too_large',
    detail: 'The body is larger than this route accepts. Send a smaller body.',
  },
  414: { code: 'request.uri_too_long', detail: 'The URL is too long. Send a shorter URL.' },
  415: { code: 'request.unsupported_media_type', detail: 'Send the body as application/json.' },
  431: { code: 'request.headers_too_large', detail: 'The headers are too large. Send smaller headers.' },
};
const OTHER_CLIENT_ERROR = { code: 'request.refused', detail: 'The service rejected the request.' };

/** The codes of the problems that a request may get before it reaches a route, so that no route documents them. */
export const FRAMEWORK_PROBLEM_CODES = [...Object.values(FRAMEWORK_PROBLEMS), OTHER_CLIENT_ERROR].map(
  ({ code }) => code,
);

/** An RFC 9457 problem with its HTTP headers, ready to send. */
export interface Problem {
  status: number;
  headers: Record<string, string>;
  body: { type: string; title: string; status: number; code: string; detail: string } & Record<
    string,
    unknown
  >;
  /** Whether the caller of `toProblem` must log the error with its stack. */
  unexpected: boolean;
}

/** Converts any thrown value to a problem. The response never contains the text of an unknown error. */
export function toProblem(error: unknown): Problem {
  if (error instanceof DomainError) {
    const headers: Record<string, string> =
      error instanceof RateLimitedError ? rateLimitHeaders(error.state) : {};
    if (error.kind === 'unauthorized') headers['www-authenticate'] = error.challenge;
    if (error.retryAfterSeconds !== undefined) headers['retry-after'] = String(error.retryAfterSeconds);
    if (error.leavesBodyUnread) headers.connection = 'close';
    return problem(STATUS_OF_KIND[error.kind], error.code, error.message, {
      headers,
      details: error.details,
    });
  }
  const status = statusOf(error);
  // A client that goes away inside its body causes the same socket error as a database that does, but with a status.
  if (status >= 500 && isDatabaseUnavailable(error)) {
    return problem(
      503,
      'database.unavailable',
      'The service cannot reach the database. Nothing was changed. Try again.',
      {
        headers: { 'retry-after': '5' },
        unexpected: true,
      },
    );
  }
  const isClientError = status >= 400 && status < 500;
  const known = FRAMEWORK_PROBLEMS[status] ?? (isClientError ? OTHER_CLIENT_ERROR : undefined);
  if (known) return problem(status, known.code, known.detail);
  return problem(
    500,
    'internal',
    'The service failed. Report the request id: an operator finds the error in the log by this id.',
    {
      unexpected: true,
    },
  );
}

// Nest's exceptions have a method for the status, the errors of Fastify and of Express' parsers have a property.
function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  const { statusCode } = (error ?? {}) as { statusCode?: unknown };
  return typeof statusCode === 'number' ? statusCode : 500;
}

function problem(
  status: number,
  code: string,
  detail: string,
  extra: { headers?: Record<string, string>; details?: Record<string, unknown>; unexpected?: boolean } = {},
): Problem {
  return {
    status,
    headers: extra.headers ?? {},
    unexpected: extra.unexpected ?? false,
    body: {
      ...extra.details,
      type: `urn:terra-connect:problem:${code}`,
      title: PROBLEM_TITLES[status] ?? 'Error',
      status,
      code,
      detail,
    },
  };
}

/** Titles by HTTP status, for problems and for the API docs. */
export const PROBLEM_TITLES: Record<number, string> = {
  400: 'Bad request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not found',
  405: 'Method not allowed',
  408: 'Request timeout',
  409: 'Conflict',
  410: 'Gone',
  413: 'Content too large',
  414: 'URI too long',
  415: 'Unsupported media type',
  422: 'Unprocessable content',
  429: 'Too many requests',
  431: 'Request header fields too large',
  500: 'Internal server error',
  502: 'Bad gateway',
  503: 'Service unavailable',
  504: 'Gateway timeout',
};
