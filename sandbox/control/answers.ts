import type { FastifyReply, FastifyRequest } from 'fastify';

/** Whoever pressed a button of the control page wants to see the page again; programs want the answer. */
export function done(request: FastifyRequest, reply: FastifyReply, answer: unknown): FastifyReply {
  const fromForm = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded');
  return fromForm ? reply.redirect('/', 303) : reply.send(answer);
}
