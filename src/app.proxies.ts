import { Logger } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';

/**
 * Warns once when a proxy stands before the service and TRUSTED_PROXIES does not list it. The limits per address then treat
 * all clients behind the proxy as one.
 */
export function warnOfUntrustedProxy(fastify: FastifyInstance, trustedProxies: string[]): void {
  if (trustedProxies.length > 0) return;
  let warned = false;
  fastify.addHook('onRequest', (request, _reply, done) => {
    if (!warned && request.headers['x-forwarded-for'] !== undefined) {
      warned = true;
      new Logger('http').warn({
        event: 'proxy.not_trusted',
        advice:
          'A request has X-Forwarded-For, which has no effect. If a proxy stands before the service, list it in TRUSTED_PROXIES: otherwise all its clients share the limits of one address.',
      });
    }
    done();
  });
}
