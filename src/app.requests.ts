import { Logger } from '@nestjs/common';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { v7 as uuidv7 } from 'uuid';
import { RequestMalformedError, runWithLogContext } from './common';
import type { Metrics } from './observability';

const REQUEST_ID = /^[\w.-]{8,64}$/;

/**
 * Gives every request an id, and logs and measures each response. The log and the metric name the pattern of the route,
 * because the URL itself holds tokens, reference ids and Terra user ids.
 */
export function describeRequests(fastify: FastifyInstance, metrics: Metrics): void {
  const logger = new Logger('http');

  // Runs before Fastify, which answers some requests without any hook, such as those to a closing server.
  fastify.server.prependListener('request', identify);
  // Node would answer 417 by itself, without an id. The service ignores an expectation that it does not know.
  fastify.server.on('checkExpectation', (request, response) => {
    fastify.server.emit('request', request, response);
  });

  fastify.addHook('onRequest', (request, reply, done) => {
    runWithLogContext({ requestId: identify(request.raw, reply.raw) }, done);
  });
  fastify.addHook('onRequest', rejectMissingHost);

  fastify.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'unmatched';
    const labels = { method: request.method, route, status: String(reply.statusCode) };
    metrics.httpRequests.observe(labels, reply.elapsedTime / 1_000);
    const line = {
      event: 'http.request',
      ...labels,
      status: reply.statusCode,
      durationMs: Math.round(reply.elapsedTime),
    };
    if (reply.statusCode >= 500) logger.warn(line);
    else logger.debug(line);
    done();
  });
}

type RawRequest = FastifyRequest['raw'];
type RawResponse = FastifyReply['raw'];

/** Sets X-Request-Id on the response: the caller's id if it is usable, or else a new one. @returns the id */
export function identify(request: RawRequest, response: RawResponse): string {
  const known = response.getHeader('x-request-id');
  if (typeof known === 'string') return known;
  const given = request.headers['x-request-id'];
  const requestId = typeof given === 'string' && REQUEST_ID.test(given) ? given : uuidv7();
  response.setHeader('x-request-id', requestId);
  return requestId;
}

function rejectMissingHost(
  { raw }: FastifyRequest,
  _reply: FastifyReply,
  done: (error?: Error) => void,
): void {
  const isMissing = raw.httpVersion === '1.1' && raw.headers.host === undefined;
  done(isMissing ? new RequestMalformedError('The request has no Host header. Send one.') : undefined);
}
