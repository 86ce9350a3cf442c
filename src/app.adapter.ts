import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { answerClientError } from './app.client-errors';
import { connectionTimes } from './app.connections';
import { identify } from './app.requests';
import { REFERENCE_ID_MAX_LENGTH } from './common';
import type { ConnectionLimits } from './config';
import { toProblem } from './http';

const JSON_BODY_LIMIT = 1024 * 1024;
// A character of a reference id has up to four bytes, and a path takes three characters (%XX) for each byte.
const MAX_PATH_PARAMETER_LENGTH = REFERENCE_ID_MAX_LENGTH * 4 * 3;

/** The HTTP platform of the service. */
export function createAdapter(connections: ConnectionLimits, trustedProxies: string[] = []): FastifyAdapter {
  const { http, ...times } = connectionTimes(connections);
  return new FastifyAdapter({
    // Without a trusted proxy, X-Forwarded-For has no effect: any client can send it.
    trustProxy: trustedProxies.length > 0 && trustedProxies,
    bodyLimit: JSON_BODY_LIMIT,
    ...times,
    // A request that arrives during the close is served: endSocketsOnStop says when its connection ends.
    return503OnClosing: false,
    routerOptions: { maxParamLength: MAX_PATH_PARAMETER_LENGTH, ignoreTrailingSlash: true },
    // Node's own answer to a missing Host header has no X-Request-Id; `rejectMissingHost` answers instead.
    http: { ...http, requireHostHeader: false },
    frameworkErrors: answerFrameworkError,
    clientErrorHandler: answerClientError,
  });
}

// A URL that cannot be decoded reaches neither the hooks of Fastify nor the filters of Nest.
function answerFrameworkError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  identify(request.raw, reply.raw);
  const { status, body } = toProblem(error);
  void reply
    .code(status)
    .header('cache-control', 'no-store')
    .type('application/problem+json; charset=utf-8')
    .send(JSON.stringify(body));
}
