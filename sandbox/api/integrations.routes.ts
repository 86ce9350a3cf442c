import type { FastifyInstance } from 'fastify';
import { PROVIDERS, type Provider } from '../account/providers';
import type { SandboxContext } from '../context';
import { queryText } from '../pages/request-fields';

/** Public routes. The detailed list reads only `dev-id`. Without a known dev-id, it shows all providers as enabled. */
export function integrationRoutes(server: FastifyInstance, context: SandboxContext): void {
  server.get('/integrations', () => ({
    status: 'success',
    providers: PROVIDERS.filter(({ phoneOnly }) => !phoneOnly).map(({ code }) => code),
    sdk_providers: PROVIDERS.filter(({ phoneOnly }) => phoneOnly).map(({ code }) => code),
  }));

  server.get('/integrations/detailed', (request) => {
    const isKnown = request.headers['dev-id'] === context.devId;
    const sdk = queryText(request.query, 'sdk');
    const shown = PROVIDERS.filter(({ code }) => !isKnown || context.account.enabledProviders.includes(code));
    // Terra's SDK: "If `true`, allows SDK integrations to be included in the response."
    const listed = shown.filter(({ phoneOnly }) => !phoneOnly || sdk === 'true');
    return { status: 'success', providers: listed.map((provider) => detailed(context, provider)) };
  });
}

function detailed(context: SandboxContext, { code, name, scopes }: Provider): object {
  const types = ['activity', 'body', 'nutrition', 'daily', 'sleep', 'menstruation'];
  return {
    provider: code,
    name,
    icon: `${context.publicUrl}/widget/icons/${code}`,
    setup: 'API_KEYS_MANAGED',
    enabled: true,
    types: Object.fromEntries(types.map((type) => [type, scopes.includes(type)])),
  };
}
