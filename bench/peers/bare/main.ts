import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { authenticate, createSession, endWith, listConnections, receive } from '../store';

/** The bare peer: `node:http` and `pg` with prepared statements, written by hand for these three routes. */
const BODY_LIMIT = 15 * 1_024 * 1_024;
const server = createServer((request, response) => {
  route(request, response).catch((error: unknown) => {
    console.error(error);
    if (!response.headersSent) response.writeHead(500);
    response.end();
  });
});

async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method, headers, url = '/' } = request;
  if (method === 'POST' && url === '/webhooks/terra')
    return send(response, await receive(headers, await readBody(request)));
  if (method === 'POST' && url === '/v1/connect-sessions') {
    const caller = await authenticate(headers, 'sessions:write');
    if (typeof caller === 'number') return send(response, { status: caller });
    return send(response, await createSession(caller, JSON.parse(String(await readBody(request))) as never));
  }
  if (method === 'GET' && url.startsWith('/v1/connections?')) {
    const caller = await authenticate(headers, 'connections:read');
    if (typeof caller === 'number') return send(response, { status: caller });
    return send(response, await listConnections(new URLSearchParams(url.split('?')[1]).get('referenceId')));
  }
  send(response, { status: url === '/health/ready' ? 200 : 404 });
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_LIMIT) throw new Error('The body is too large.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function send(response: ServerResponse, { status, body }: { status: number; body?: unknown }): void {
  const text = body === undefined ? '' : JSON.stringify(body);
  const type = { 'content-type': 'application/json; charset=utf-8' };
  response.writeHead(status, { ...type, 'content-length': Buffer.byteLength(text) }).end(text);
}

server.listen(Number(process.env.PORT), '127.0.0.1');
endWith(() => {
  server.close();
  server.closeAllConnections();
});
