import type { FastifyInstance, FastifyRequest } from 'fastify';
import { decodeUtf8, RequestMalformedError } from './common';
import { ContentEncodingUnsupportedError, hasContentEncoding } from './http';

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
