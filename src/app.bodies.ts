import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Readable } from 'node:stream';
import { decodeUtf8, RequestMalformedError } from './common';
import { ContentEncodingUnsupportedError, hasContentEncoding, type BodyBudget } from './http';
import type { Metrics } from './observability';

/** Makes JSON in UTF-8 the only form of a body that the service reads. Webhooks have a parser of their own. */
export function readBodies(fastify: FastifyInstance): void {
  // HTTP clients send a Content-Type also without a body. Fastify would parse an empty body, and reject it.
  fastify.addHook('onRequest', (request, _reply, done) => {
    if (!hasBody(request.headers)) delete request.headers['content-type'];
    done();
  });

  fastify.removeContentTypeParser(['application/json', 'text/plain']);
  const parseJson = fastify.getDefaultJsonParser('error', 'error');
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, bytes: Buffer, done) => {
    if (hasContentEncoding(request.headers)) return done(new ContentEncodingUnsupportedError());
    const text = decodeUtf8(bytes);
    if (text === null)
      return done(new RequestMalformedError('The body is not UTF-8. Send the JSON in UTF-8.'));
    // A chunked body can turn out to be empty.
    if (text === '') return done(null, undefined);
    return parseJson(request, text, done);
  });
}

function hasBody(headers: FastifyRequest['headers']): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** Counts every body in the budget of the process, which the module counts only for webhooks. */
export function meterBodies(fastify: FastifyInstance, budget: BodyBudget, metrics: Metrics): void {
  metrics.beforeScrape(() => Promise.resolve(metrics.requestBodyBytes.set(budget.usedBytes)));
  fastify.addHook('preParsing', (request, reply, body, done) => {
    try {
      done(null, budget.meter(body as Readable, request.headers, reply.raw));
    } catch (error) {
      done(error as Error);
    }
  });
}
