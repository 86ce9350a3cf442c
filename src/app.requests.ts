import { Logger } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import { v7 as uuidv7 } from 'uuid';
import { runWithLogContext } from './common';
import type { Metrics } from './observability';

const REQUEST_ID = /^[\w.-]{8,64}$/;

/**
 * Gives every request an id, and logs and measures each response. The log and the metric name the pattern of the route,
 * because the URL itself holds tokens, reference ids and Terra user ids.
 */
export function describeRequests(fastify: FastifyInstance, metrics: Metrics): void {
  const logger = new Logger('http');

  fastify.addHook('onRequest', (request, reply, done) => {
    const given = request.headers['x-request-id'];
    const requestId = typeof given === 'string' && REQUEST_ID.test(given) ? given : uuidv7();
    void reply.header('x-request-id', requestId);
    runWithLogContext({ requestId }, done);
  });

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
