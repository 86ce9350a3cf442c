import type { FastifyReply, FastifyRequest } from 'fastify';

/** An end user of this app. Terra Connect knows the end user only by the reference id. */
export interface EndUser {
  slug: string;
  name: string;
  referenceId: string;
}

export const END_USERS: readonly EndUser[] = [
  { slug: 'ada', name: 'Ada Okafor', referenceId: 'pulse-1001' },
  { slug: 'ben', name: 'Ben Castillo', referenceId: 'pulse-1002' },
  { slug: 'mei', name: 'Mei Tanaka', referenceId: 'pulse-1003' },
];

const COOKIE = 'pulse_user';

/** The end user of the sign-in cookie. This replaces a login: a real app looks up its own session here. */
export function signedInEndUser(request: FastifyRequest): EndUser | null {
  const cookies = (request.headers.cookie ?? '').split(';').map((cookie) => cookie.trim());
  const slug = cookies.find((cookie) => cookie.startsWith(`${COOKIE}=`))?.slice(COOKIE.length + 1);
  return END_USERS.find((user) => user.slug === slug) ?? null;
}

/** Sets the sign-in cookie. Lax, not Strict: the return from the widget is cross-site and needs the cookie. */
export function setSignInCookie(reply: FastifyReply, user: EndUser): void {
  reply.header('set-cookie', `${COOKIE}=${user.slug}; Path=/; HttpOnly; SameSite=Lax; Max-Age=86400`);
}

/** Whether this app's own page sent the request. Browsers send the Origin header with every POST. */
export function isSameOrigin(request: FastifyRequest, publicUrl: string): boolean {
  const { origin } = request.headers;
  return origin === new URL(publicUrl).origin;
}
