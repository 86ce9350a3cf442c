import type { FastifyInstance } from 'fastify';
import { findProvider, type Provider } from '../account/providers';
import { TOKEN_SECONDS } from '../account/sdk-tokens';
import type { SandboxContext } from '../context';
import { queryText } from '../pages/request-fields';
import { ApiError } from './errors';
import { readWidgetRequest } from './widget-request';

const AUTH_URL_SECONDS = 900;

/** authenticateUser, deauthenticateUser, and both spellings of the mobile-SDK token route. */
export function authRoutes(server: FastifyInstance, context: SandboxContext): void {
  const { account } = context;

  server.post('/auth/authenticateUser', (request) => {
    const provider = requestedProvider(queryText(request.query, 'resource'), request.body);
    if (!account.enabledProviders.includes(provider.code)) {
      throw new ApiError(403, `${provider.code} is not enabled in this environment`, {
        code: 'entitlement_required',
      });
    }
    const { session: wanted } = readWidgetRequest(withoutProviders(request.body), account);
    const user = account.preallocate(provider.code, wanted.referenceId);
    const session = account.widgetSessions.create(
      { ...wanted, providers: [provider.code], preallocatedUserId: user.userId },
      AUTH_URL_SECONDS,
    );
    const page = `${context.publicUrl}/widget/session/${session.linkId}/provider/${provider.code}`;
    return { status: 'success', user_id: user.userId, auth_url: `${page}?resource=${provider.code}` };
  });

  server.delete('/auth/deauthenticateUser', (request) => {
    const userId = queryText(request.query, 'user_id');
    if (!userId) throw new ApiError(400, 'user_id is required');
    const ended = account.deauthenticate(userId);
    if (context.behaviour.deauthFails) throw new ApiError(500, 'The tokens could not be revoked');
    if (!ended) throw new ApiError(404, `User ${userId} was not found`);
    return { status: 'success' };
  });

  for (const path of ['/auth/tokens', '/auth/generateAuthToken']) {
    server.post(path, (request) => {
      const token = account.sdkTokens.issue(queryText(request.query, 'reference_id'));
      return { status: 'success', token, expires_in: TOKEN_SECONDS };
    });
  }
}

/** Terra since October 2026: Apple's name is APPLE_HEALTH here; SAMSUNG and HEALTH_CONNECT need `sdk_app: "grip"`. */
function requestedProvider(resource: string | null, body: unknown): Provider {
  if (!resource) throw new ApiError(400, 'resource is required');
  const provider = findProvider(resource.toUpperCase() === 'APPLE_HEALTH' ? 'APPLE' : resource);
  if (!provider) throw new ApiError(404, `Resource ${resource} does not exist`);
  const needsGrip = provider.phoneOnly && provider.code !== 'APPLE';
  const sdkApp = typeof body === 'object' && body !== null && 'sdk_app' in body ? body.sdk_app : undefined;
  if (needsGrip && sdkApp !== 'grip') throw new ApiError(400, `sdk_app must be "grip" for ${provider.code}`);
  return provider;
}

function withoutProviders(body: unknown): unknown {
  return typeof body === 'object' && body !== null ? { ...body, providers: undefined } : body;
}
