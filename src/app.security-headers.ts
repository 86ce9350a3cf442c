import type { FastifyInstance } from 'fastify';

// Swagger UI has inline styles, and loads nothing from other origins.
const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "object-src 'none'",
].join(';');

/**
 * Restricts what a browser does with an answer. Left out on purpose:
 *
 * - Cross-Origin-Opener-Policy would cut a popup at /connect off the page that opened it, so that this page cannot see it
 *   close.
 * - Strict-Transport-Security is for the proxy that speaks TLS: it would also bind other services under the same host name.
 */
const SECURITY_HEADERS = Object.entries({
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'cross-origin-resource-policy': 'same-origin',
  'origin-agent-cluster': '?1',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-dns-prefetch-control': 'off',
  'x-download-options': 'noopen',
  'x-frame-options': 'SAMEORIGIN',
  'x-permitted-cross-domain-policies': 'none',
  'x-xss-protection': '0',
});

/** Sets the headers on every answer. They are constants: `@fastify/helmet` would build them anew for each request. */
export function setSecurityHeaders(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (_request, reply, done) => {
    for (const [name, value] of SECURITY_HEADERS) reply.raw.setHeader(name, value);
    done();
  });
}
