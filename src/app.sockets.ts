import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Socket } from 'node:net';

/**
 * Makes a shutdown wait only for requests in flight. Node closes the connections that are idle at that moment. For a
 * connection without a request so far, or whose last answer is being sent, Node would wait until the keep-alive timeout.
 */
export function endSocketsOnClose(fastify: FastifyInstance): void {
  const requestsInFlight = new Map<Socket, number>();
  let closing = false;

  fastify.server.on('connection', (socket: Socket) => {
    requestsInFlight.set(socket, 0);
    socket.once('close', () => requestsInFlight.delete(socket));
  });
  fastify.server.on('request', ({ socket }: FastifyRequest['raw'], response: FastifyReply['raw']) => {
    requestsInFlight.set(socket, (requestsInFlight.get(socket) ?? 0) + 1);
    response.once('close', () => {
      const left = (requestsInFlight.get(socket) ?? 1) - 1;
      if (requestsInFlight.has(socket)) requestsInFlight.set(socket, left);
      if (closing && left === 0) socket.destroySoon();
    });
  });
  fastify.addHook('preClose', (done) => {
    closing = true;
    for (const [socket, count] of requestsInFlight) if (count === 0) socket.destroySoon();
    done();
  });
}
