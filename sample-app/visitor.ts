import type { FastifyReply, FastifyRequest } from 'fastify';

/** Somebody who is signed in to the pretend app; the reference is what Terra Connect knows them by. */
export interface Person {
  slug: string;
  name: string;
  referenceId: string;
}

export const PEOPLE: readonly Person[] = [
  { slug: 'ada', name: 'Ada Okafor', referenceId: 'pulse-1001' },
  { slug: 'ben', name: 'Ben Castillo', referenceId: 'pulse-1002' },
  { slug: 'mei', name: 'Mei Tanaka', referenceId: 'pulse-1003' },
];

const COOKIE = 'pulse_person';

/** Choosing a name stands in for a login; a real app would look up its own session here. */
export function personOf(request: FastifyRequest): Person | null {
  const cookies = (request.headers.cookie ?? '').split(';').map((cookie) => cookie.trim());
  const slug = cookies.find((cookie) => cookie.startsWith(`${COOKIE}=`))?.slice(COOKIE.length + 1);
  return PEOPLE.find((person) => person.slug === slug) ?? null;
}

/** Lax, not Strict: the way back from the widget comes from another site and must find the person signed in. */
export function remember(reply: FastifyReply, person: Person): void {
  reply.header('set-cookie', `${COOKIE}=${person.slug}; Path=/; HttpOnly; SameSite=Lax; Max-Age=86400`);
}

/** A form may change things only if it was sent from our own pages. Browsers name the origin on every POST. */
export function comesFromOurPages(request: FastifyRequest, publicUrl: string): boolean {
  const { origin } = request.headers;
  return origin === new URL(publicUrl).origin;
}
