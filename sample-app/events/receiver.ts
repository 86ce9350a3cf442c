import type { FastifyInstance } from 'fastify';
import type { Subscription } from './subscription';
import { serviceEventFrom, type ServiceEvent } from './service-event';

export const WEBHOOK_PATH = '/webhooks/terra-connect';
/** Terra's largest body is 15 MB, and the event adds its envelope. */
const MAX_BODY_BYTES = 16 * 1_024 * 1_024;
/** The service repeats a delivery when our answer gets lost, so a repetition comes soon. */
const MAX_REMEMBERED_IDS = 10_000;

/** The route that gets the events of Terra Connect. */
export function receiveEvents(
  server: FastifyInstance,
  subscription: Subscription,
  handle: (event: ServiceEvent) => void,
): void {
  const handled = new Set<string>();

  // In a scope of its own: the parser and the error answers are only for this route.
  void server.register((scope, _options, done) => {
    // The signature covers the bytes, so they must reach `verify` as they are.
    const keepBytes = { parseAs: 'buffer', bodyLimit: MAX_BODY_BYTES } as const;
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', keepBytes, (_request, body, parsed) => parsed(null, body));
    scope.setErrorHandler((error: { statusCode?: number }, _request, reply) =>
      reply.code(error.statusCode ?? 500).send(),
    );

    scope.post(WEBHOOK_PATH, (request, reply) => {
      // Not subscribed yet: the service delivers it again.
      if (!subscription.webhook) return reply.code(503).send();
      let body: unknown;
      try {
        body = subscription.webhook.verify(request.body as Buffer, request.headers as Record<string, string>);
      } catch {
        return reply.code(401).send();
      }
      const event = serviceEventFrom(body);
      if (event && !handled.has(event.id)) {
        handle(event);
        remember(handled, event.id);
      }
      return reply.code(204).send();
    });
    done();
  });
}

function remember(ids: Set<string>, id: string): void {
  ids.add(id);
  const [oldest] = ids;
  if (ids.size > MAX_REMEMBERED_IDS && oldest) ids.delete(oldest);
}
