import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Socket } from 'node:net';

/**
 * Lets a stop wait for requests under way and for nothing else. Node closes the connections that are idle at the moment of
 * the call; one on which nothing was asked yet, or whose last answer is just going out, it would wait for until the
 * keep-alive time is over.
 */
export function endSocketsOnClose(fastify: FastifyInstance): void {
  const requestsUnderWay = new Map<Socket, number>();
  let closing = false;

  fastify.server.on('connection', (socket: Socket) => {
    requestsUnderWay.set(socket, 0);
    socket.once('close', () => requestsUnderWay.delete(socket));
  });
  fastify.server.on('request', ({ socket }: FastifyRequest['raw'], response: FastifyReply['raw']) => {
    requestsUnderWay.set(socket, (requestsUnderWay.get(socket) ?? 0) + 1);
    response.once('close', () => {
      const left = (requestsUnderWay.get(socket) ?? 1) - 1;
      if (requestsUnderWay.has(socket)) requestsUnderWay.set(socket, left);
      if (closing && left === 0) socket.destroySoon();
    });
  });
  fastify.addHook('preClose', (done) => {
    closing = true;
    for (const [socket, count] of requestsUnderWay) if (count === 0) socket.destroySoon();
    done();
  });
}
