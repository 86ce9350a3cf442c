import type { FastifyInstance } from 'fastify';
import { toWireUser, type LinkedUser } from '../account/linked-user';
import { applyBehaviour, InvalidRequestError, SWITCHES } from '../behaviour';
import type { SandboxContext } from '../context';
import { sendPage } from '../pages/html';
import { queryText } from '../pages/request-fields';
import type { PlayOptions } from '../scenarios/player';
import { SCENARIOS, type Scenario } from '../scenarios/scenarios';
import type { EmitOptions } from '../webhooks/delivery';
import { redirectOrSend } from './answers';
import { controlPage } from './control.page';
import { dataRoutes } from './data.routes';
import { BodyFields } from './fields';

interface IdParams {
  Params: { id: string };
}

/** The sandbox's own API, which Terra does not have. The forms of the control page use these routes, too. */
export function controlRoutes(server: FastifyInstance, context: SandboxContext): void {
  const { account, behaviour, dispatcher } = context;

  server.get('/', (request, reply) =>
    sendPage(reply, controlPage(context, queryText(request.query, 'q') ?? '')),
  );

  server.get('/sandbox/state', () => ({
    behaviour,
    users: [...account.users.values()].map((user) => ({
      ...toWireUser(user),
      provider_account: user.providerAccount,
      is_authenticated: user.isAuthenticated,
    })),
    widgetSessions: account.widgetSessions.all(),
    deliveries: dispatcher.deliveries,
    // Leaves out the headers, because they contain the API key.
    requests: context.requests.map(({ at, method, path, query, body }) => ({
      at,
      method,
      path,
      query,
      body,
    })),
  }));
  server.post('/sandbox/reset', (request, reply) => {
    context.reset();
    return redirectOrSend(request, reply, { status: 'reset' });
  });

  behaviourRoutes(server, context);
  scenarioRoutes(server, context);
  webhookRoutes(server, context);
  userActionRoutes(server, context);
  dataRoutes(server, context);
}

function behaviourRoutes(server: FastifyInstance, context: SandboxContext): void {
  const { behaviour } = context;

  server.get('/sandbox/behaviour', () =>
    Object.entries(SWITCHES).map(([name, { means, choices }]) => ({
      name,
      value: behaviour[name as keyof typeof behaviour],
      means,
      choices,
    })),
  );
  server.post('/sandbox/behaviour', (request, reply) => {
    applyBehaviour(behaviour, (request.body ?? {}) as Record<string, unknown>);
    return redirectOrSend(request, reply, behaviour);
  });
  server.post('/sandbox/behaviour/reset', (request, reply) => {
    context.resetBehaviour();
    return redirectOrSend(request, reply, behaviour);
  });
}

/** Scenarios by name. `POST /sandbox/behaviour/reset` ends the active one. */
function scenarioRoutes(server: FastifyInstance, context: SandboxContext): void {
  server.get('/sandbox/scenarios', () =>
    Object.entries<Scenario>(SCENARIOS).map(([name, { means, switches, provider }]) => ({
      name,
      means,
      switches,
      provider,
    })),
  );
  server.post<{ Params: { name: string } }>('/sandbox/scenarios/:name', async (request, reply) =>
    redirectOrSend(request, reply, await context.play(request.params.name, readPlayOptions(request.body))),
  );
}

function readPlayOptions(body: unknown): PlayOptions {
  const fields = new BodyFields(body, ['referenceId', 'provider']);
  return { referenceId: fields.text('referenceId'), provider: fields.text('provider') };
}

function webhookRoutes(server: FastifyInstance, { dispatcher }: SandboxContext): void {
  server.post<{ Body: { event?: object; options?: EmitOptions } }>('/sandbox/emit', (request, reply) => {
    const { event, options } = request.body ?? {};
    if (typeof event !== 'object' || event === null) throw new InvalidRequestError('event must be an object');
    return reply.code(202).send(dispatcher.send(event, options));
  });
  server.post<{ Body: { url?: string } }>('/sandbox/webhook-url', (request, reply) => {
    dispatcher.setUrl(request.body?.url || undefined);
    return redirectOrSend(request, reply, { url: request.body?.url ?? null });
  });
  server.get('/sandbox/deliveries', () => ({ items: dispatcher.deliveries }));
  server.post<IdParams>('/sandbox/deliveries/:id/resend', (request, reply) => {
    const known = dispatcher.deliveries.some(({ id }) => id === request.params.id);
    if (!known) return reply.code(404).send({ status: 'error', message: 'There is no such delivery' });
    return redirectOrSend(request, reply.code(202), dispatcher.resend(request.params.id));
  });
}

/** Routes that change one Terra user, as if the end user, the provider or Terra had changed it. */
function userActionRoutes(server: FastifyInstance, { account }: SandboxContext): void {
  const addAction = (path: string, act: (id: string, body: unknown) => LinkedUser | null): void => {
    server.post<IdParams>(`/sandbox/users/:id/${path}`, (request, reply) => {
      const user = act(request.params.id, request.body);
      if (!user) return reply.code(404).send({ status: 'error', message: 'There is no such user' });
      return redirectOrSend(request, reply, toWireUser(user));
    });
  };
  addAction('revoke', (id) => account.revokeAccess(id));
  addAction('error', (id) => account.reportConnectionError(id));
  addAction('deauth', (id) => account.deauthenticate(id));
  addAction('forget', (id) => account.remove(id));
  addAction('permissions', (id, body) => {
    const scopes = (name: string): string[] => listOf((body as Record<string, unknown> | undefined)?.[name]);
    return account.changePermissions(id, { add: scopes('add'), remove: scopes('remove') });
  });

  // Acts as a phone whose mobile SDK redeems its token.
  server.post<{ Body: { token?: string; provider?: string; reference_id?: string; device?: string } }>(
    '/sandbox/phone/redeem',
    (request, reply) => {
      const { token, provider, reference_id: sent, device } = request.body ?? {};
      const user = account.connectPhone(token ?? '', {
        provider: (provider ?? 'APPLE').toUpperCase(),
        referenceId: sent ?? null,
        providerAccount: device,
      });
      if (!user) return reply.code(401).send({ status: 'error', message: 'invalid token' });
      return reply
        .code(201)
        .send({ status: 'success', user_id: user.userId, reference_id: user.referenceId });
    },
  );
}

function listOf(value: unknown): string[] {
  const list: unknown[] = Array.isArray(value) ? value : typeof value === 'string' ? value.split(',') : [];
  return list.map((item) => String(item).trim()).filter((item) => item !== '');
}
