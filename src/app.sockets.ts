import type { FastifyInstance } from 'fastify';
import type { Socket } from 'node:net';

/**
 * Closes, at shutdown, connections on which nothing has been asked yet. Node waits for them as if a request were under way,
 * and load balancers and browsers open some in advance.
 */
export function closeSilentSockets(fastify: FastifyInstance): void {
  const silent = new Set<Socket>();
  fastify.server.on('connection', (socket: Socket) => {
    silent.add(socket);
    socket.once('close', () => silent.delete(socket));
  });
  fastify.server.on('request', ({ socket }) => silent.delete(socket));
  fastify.addHook('preClose', (done) => {
    for (const socket of silent) socket.destroy();
    done();
  });
}
