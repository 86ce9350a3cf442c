import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Socket } from 'node:net';

type Response = FastifyReply['raw'];

/** How long a new connection has to send its first request after the server has stopped listening. */
const FIRST_REQUEST_MS = 2_000;

interface Connection {
  hadRequest: boolean;
  /** The responses that have not ended. */
  inFlight: Set<Response>;
}

/**
 * Ends every connection of a server that stops, and loses no request:
 *
 * - From the start of the drain, each response ends its connection. Otherwise a proxy could send a request over a
 *   kept-alive connection in the moment in which the server closes it, and may not repeat a POST that it has sent.
 * - The close ends idle connections, and waits only for requests in flight. Node itself closes only the connections that
 *   are idle at that moment. If a connection has had no request yet, or is sending its last response, Node would wait for
 *   the keep-alive timeout.
 */
export function endSocketsOnStop(fastify: FastifyInstance, drain: AbortSignal): void {
  const connections = new Map<Socket, Connection>();
  let closing = false;

  const endWhenIdle = (socket: Socket, { inFlight }: Connection): void => {
    if (inFlight.size === 0) socket.destroySoon();
  };

  fastify.server.on('connection', (socket: Socket) => {
    connections.set(socket, { hadRequest: false, inFlight: new Set() });
    socket.once('close', () => connections.delete(socket));
  });
  fastify.server.on('request', ({ socket }: FastifyRequest['raw'], response: Response) => {
    const connection = connections.get(socket);
    if (!connection) return;
    connection.hadRequest = true;
    connection.inFlight.add(response);
    if (drain.aborted || closing) endConnectionAfter(response);
    response.once('close', () => {
      connection.inFlight.delete(response);
      if (closing) endWhenIdle(socket, connection);
    });
  });
  drain.addEventListener('abort', () => {
    for (const { inFlight } of connections.values()) inFlight.forEach(endConnectionAfter);
  });

  fastify.addHook('preClose', (done) => {
    closing = true;
    for (const [socket, connection] of connections) {
      // The first request of a connection that has just been opened may be on its way.
      if (connection.hadRequest) endWhenIdle(socket, connection);
    }
    setTimeout(() => {
      for (const [socket, connection] of connections) endWhenIdle(socket, connection);
    }, FIRST_REQUEST_MS).unref();
    done();
  });
}

/** Node closes the connection after a response with this header. */
function endConnectionAfter(response: Response): void {
  if (!response.headersSent) response.setHeader('connection', 'close');
}
