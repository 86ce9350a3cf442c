import { STATUS_CODES } from 'node:http';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';

interface ApiErrorExtras {
  /** Machine-readable cause on /api/v2, since October 2026: `entitlement_required`, `environment_disabled`, … */
  code?: string;
  headers?: Record<string, string>;
  /** Further fields of the body, e.g. `invalid_user_ids`. */
  fields?: Record<string, unknown>;
}

/** An error answer of Terra's API. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly extras: ApiErrorExtras = {},
  ) {
    super(message);
  }
}

/** An HTML page instead of a JSON answer, as Terra's gateway sends with some 500s. */
export class HtmlError extends Error {
  constructor(readonly status: number) {
    super('An HTML error page');
  }
}

/**
 * Sends an error in Terra's format: problem+json on /api/v2, without a status in the body and with the whole query
 * in `instance`; `{status, message}` on the old host and on the current widget endpoint.
 */
export function sendApiError(request: FastifyRequest, reply: FastifyReply, error: ApiError): FastifyReply {
  const { status, extras } = error;
  void reply.code(status).headers(extras.headers ?? {});
  if (!request.url.startsWith('/api/v2')) {
    return reply.send({ status: 'error', message: error.message, ...extras.fields });
  }
  const problem = {
    type: 'about:blank',
    title: (STATUS_CODES[status] ?? 'error').toLowerCase(),
    instance: request.url,
    detail: error.message,
    ...(extras.code ? { code: extras.code } : {}),
    ...extras.fields,
  };
  return reply.type('application/problem+json').send(JSON.stringify(problem));
}

function sendHtmlError(reply: FastifyReply, status: number): FastifyReply {
  const title = `${status} ${STATUS_CODES[status] ?? 'Error'}`;
  return reply
    .code(status)
    .type('text/html; charset=utf-8')
    .send(`<html><head><title>${title}</title></head><body><center><h1>${title}</h1></center></body></html>`);
}

/** Sends an error in the format that Terra uses. */
export function handleError(
  error: FastifyError | Error,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  if (error instanceof HtmlError) return sendHtmlError(reply, error.status);
  if (error instanceof ApiError) return sendApiError(request, reply, error);
  const status = 'statusCode' in error && error.statusCode ? error.statusCode : 500;
  return sendApiError(request, reply, new ApiError(status, error.message));
}
