import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listConnections } from './connections';
import { pool } from './context';
import { createSession } from './sessions';
import { receiveWebhook } from './webhooks';

/**
 * The baseline that the service is compared with: a server that does the same work on the same tables, with only these three
 * routes, written by hand on `node:http` and `pg`.
 */
const server = createServer((request, response) => {
  route(request, response).catch((error: unknown) => {
    console.error(error);
    if (!response.headersSent) response.writeHead(500);
    response.end();
  });
});

async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = request.url ?? '/';
  if (request.method === 'POST' && url === '/webhooks/terra') return receiveWebhook(request, response);
  if (request.method === 'POST' && url === '/v1/connect-sessions') return createSession(request, response);
  if (request.method === 'GET' && url.startsWith('/v1/connections?'))
    return listConnections(request, response);
  response.writeHead(url === '/health/ready' ? 200 : 404).end();
}

server.listen(Number(process.env.PORT), '127.0.0.1');
process.once('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
  pool.end().then(
    () => process.exit(0),
    () => process.exit(1),
  );
});
