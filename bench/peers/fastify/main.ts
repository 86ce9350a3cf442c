import fastify, { type FastifyReply } from 'fastify';
import { authenticate, createSession, endWith, listConnections, receive } from '../store';

/** The Fastify peer: the same statements as the bare peer, behind Fastify's router, parser and reply. */
const app = fastify({ bodyLimit: 15 * 1_024 * 1_024, forceCloseConnections: true });
app.removeContentTypeParser('application/json');
app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) =>
  done(null, body),
);

const send = (reply: FastifyReply, { status, body }: { status: number; body?: unknown }): FastifyReply =>
  reply.code(status).send(body);

app.get('/health/ready', (_request, reply) => send(reply, { status: 200 }));
app.post('/webhooks/terra', async (request, reply) =>
  send(reply, await receive(request.headers, request.body as Buffer)),
);
app.post('/v1/connect-sessions', async (request, reply) => {
  const caller = await authenticate(request.headers, 'sessions:write');
  if (typeof caller === 'number') return send(reply, { status: caller });
  return send(reply, await createSession(caller, JSON.parse(String(request.body)) as never));
});
app.get<{ Querystring: { referenceId?: string } }>('/v1/connections', async (request, reply) => {
  const caller = await authenticate(request.headers, 'connections:read');
  if (typeof caller === 'number') return send(reply, { status: caller });
  return send(reply, await listConnections(request.query.referenceId));
});

app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' }).catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
endWith(() => {
  app.close().catch(console.error);
});
