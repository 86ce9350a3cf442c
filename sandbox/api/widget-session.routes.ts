import type { FastifyInstance, FastifyReply } from 'fastify';
import type { SandboxContext } from '../context';
import { requireCredentials } from './credentials';
import { ApiError, HtmlError } from './errors';
import { readWidgetRequest } from './widget-request';

const CURRENT_SECONDS = 86_400;
const LEGACY_SECONDS = 900;

/** POST /api/widget/session: 201, valid for a day, errors as `{status, message}` (Terra: widget spec 2026.10.08). */
export function currentWidgetSessionRoute(server: FastifyInstance, context: SandboxContext): void {
  server.post('/api/widget/session', (request, reply) => {
    if (context.behaviour.currentMissing) throw new ApiError(404, 'Not found');
    requireCredentials(context, request);
    if (hasProviderList(request.body)) throw new ApiError(400, 'providers must be a comma-separated string');
    if (context.behaviour.noSourceEnabled)
      throw new ApiError(400, 'No data sources are enabled for this environment');
    return sendNewSession(context, request.body, CURRENT_SECONDS, reply.code(201));
  });
}

/** POST …/auth/generateWidgetSession: 200, valid for 15 minutes; 410 and HTML 500 in the cases known from Terra. */
export function legacyWidgetSessionRoute(server: FastifyInstance, context: SandboxContext): void {
  server.post('/auth/generateWidgetSession', (request, reply) => {
    if (context.behaviour.legacyGone) throw goneError();
    if (hasProviderList(request.body) || context.behaviour.noSourceEnabled) throw new HtmlError(500);
    return sendNewSession(context, request.body, LEGACY_SECONDS, reply.code(200));
  });
}

function sendNewSession(
  context: SandboxContext,
  body: unknown,
  seconds: number,
  reply: FastifyReply,
): FastifyReply {
  const { session: wanted, warnings } = readWidgetRequest(body, context.account);
  const session = context.account.widgetSessions.create(wanted, seconds);
  return reply.send({
    status: 'success',
    session_id: session.sessionId,
    url: `${context.publicUrl}/widget/session/${session.linkId}`,
    expires_in: seconds,
    ...(warnings.length > 0 ? { warnings } : {}),
  });
}

function hasProviderList(body: unknown): boolean {
  return typeof body === 'object' && body !== null && 'providers' in body && Array.isArray(body.providers);
}

function goneError(): ApiError {
  const replacement = 'POST https://access.tryterra.co/api/widget/session';
  return new ApiError(410, `This endpoint is not available to your account. Use ${replacement} instead.`, {
    headers: {
      deprecation: '@1793664000',
      link: '<https://docs.tryterra.co/unified-api/authentication-flow>; rel="deprecation"',
    },
  });
}
