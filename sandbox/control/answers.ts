import type { FastifyReply, FastifyRequest } from 'fastify';

/** Redirects a form of the control page back to the page; sends other callers the JSON answer. */
export function redirectOrSend(request: FastifyRequest, reply: FastifyReply, answer: unknown): FastifyReply {
  const fromForm = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded');
  return fromForm ? reply.redirect(pageOf(request), 303) : reply.send(answer);
}

/** The page with the form, with its search. */
function pageOf({ headers: { referer = '' } }: FastifyRequest): string {
  const search = URL.canParse(referer) ? new URL(referer).searchParams.get('q') : null;
  return search ? `/?${new URLSearchParams({ q: search }).toString()}` : '/';
}
