import type { FastifyRequest } from 'fastify';
import type { SandboxContext } from '../context';
import { ApiError } from './errors';

/**
 * Checks `dev-id` and `x-api-key`; every private endpoint needs both. The status of a mismatch depends on the
 * endpoint: 401 on the API, 403 on the current widget endpoint, 404 on the token routes for an unknown dev-id.
 */
export function requireCredentials(context: SandboxContext, request: FastifyRequest): void {
  const knownDevId = request.headers['dev-id'] === context.devId;
  const rightKey = request.headers['x-api-key'] === context.apiKey && !context.behaviour.rejectCredentials;
  if (knownDevId && rightKey) return;

  const path = request.url.split('?')[0] ?? '';
  if (path === '/api/widget/session') throw new ApiError(403, 'Invalid dev-id or x-api-key');
  const asksForToken = path.endsWith('/auth/generateAuthToken') || path.endsWith('/auth/tokens');
  if (asksForToken && !knownDevId) throw new ApiError(404, 'Invalid dev-id was provided');
  throw new ApiError(401, 'dev-id and x-api-key do not match');
}
