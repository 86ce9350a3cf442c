import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Socket } from 'node:net';

/**
 * Makes a shutdown wait only for requests in flight. Node itself closes only the connections that are idle at that
 * moment. If a connection has had no request yet, or is sending its last response, Node would wait for the keep-alive
 * timeout.
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
