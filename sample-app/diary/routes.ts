import type { FastifyInstance } from 'fastify';
import { queryText } from '../../sandbox/pages/request-fields';
import { signedInEndUser } from '../sign-in';
import { BROWSER_SCRIPT } from './browser-script';
import type { LivePages } from './live-pages';
import { SCRIPT_PATH, STREAM_PATH } from './paths';

/** What the diary's page loads: its script, and the stream of server-sent events. */
export function diaryRoutes(server: FastifyInstance, livePages: LivePages): void {
  server.get(SCRIPT_PATH, (_request, reply) =>
    reply
      .type('text/javascript; charset=utf-8')
      .headers({ 'cache-control': 'no-cache', 'x-content-type-options': 'nosniff' })
      .send(BROWSER_SCRIPT),
  );

  // A stream that answers HEAD would send nothing, and would still take the place of a page.
  server.get(STREAM_PATH, { exposeHeadRoute: false }, (request, reply) => {
    const user = signedInEndUser(request);
    const isOwnPage = user !== null && user.slug === queryText(request.query, 'user');
    // 204 ends a stream for good: browsers do not connect again.
    if (!isOwnPage || !livePages.hasRoomFor(user)) return reply.code(204).send();
    reply.hijack();
    livePages.open(user, reply.raw);
    return reply;
  });

  // Otherwise an open stream would keep the server from closing.
  server.addHook('preClose', (done) => {
    livePages.close();
    done();
  });
}
