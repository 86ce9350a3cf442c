import type { FastifyInstance } from 'fastify';
import type { LinkedUser } from '../account/account';
import { toWireUser } from '../account/linked-user';
import { applyBehaviour, BehaviourError, SWITCHES } from '../behaviour';
import type { SandboxContext } from '../context';
import { formText } from '../pages/forms';
import { sendPage } from '../pages/html';
import type { EmitOptions } from '../webhooks/delivery';
import { done } from './answers';
import { controlPage } from './control.page';

interface IdParams {
  Params: { id: string };
}

/** The sandbox's own API, nothing of Terra's. Forms of the control page use the same routes and are sent back to it. */
export function controlRoutes(server: FastifyInstance, context: SandboxContext): void {
  const { account, behaviour, dispatcher } = context;

  server.get('/', (_request, reply) => sendPage(reply, controlPage(context)));

  server.get('/sandbox/state', () => ({
    behaviour,
    users: [...account.users.values()].map((user) => ({
      ...toWireUser(user),
      provider_account: user.providerAccount,
      is_authenticated: user.isAuthenticated,
    })),
    widgetSessions: account.widgetSessions.all(),
    deliveries: dispatcher.deliveries,
    // Without headers: they carry the API key.
    requests: context.requests.map(({ at, method, path, query, body }) => ({
      at,
      method,
      path,
      query,
      body,
    })),
  }));

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
    return done(request, reply, behaviour);
  });
  server.post('/sandbox/behaviour/reset', (request, reply) => {
    context.resetBehaviour();
    return done(request, reply, behaviour);
  });
  server.post('/sandbox/reset', (request, reply) => {
    context.reset();
    return done(request, reply, { status: 'reset' });
  });

  server.post<{ Body: { event?: object; options?: EmitOptions; webhookUrl?: string } }>(
    '/sandbox/emit',
    (request, reply) => {
      const { event, options } = request.body ?? {};
      if (typeof event !== 'object' || event === null) throw new BehaviourError('event must be an object');
      return reply.code(202).send(dispatcher.send(event, options));
    },
  );
  server.post<{ Body: { url?: string } }>('/sandbox/webhook-url', (request, reply) => {
    dispatcher.setUrl(request.body?.url || undefined);
    return done(request, reply, { url: request.body?.url ?? null });
  });
  server.get('/sandbox/deliveries', () => ({ items: dispatcher.deliveries }));
  server.post<IdParams>('/sandbox/deliveries/:id/resend', (request, reply) => {
    const known = dispatcher.deliveries.some(({ id }) => id === request.params.id);
    if (!known) return reply.code(404).send({ status: 'error', message: 'There is no such delivery' });
    return done(request, reply.code(202), dispatcher.resend(request.params.id));
  });

  const befall = (path: string, happen: (id: string, body: unknown) => LinkedUser | null): void => {
    server.post<IdParams>(`/sandbox/users/:id/${path}`, (request, reply) => {
      const user = happen(request.params.id, request.body);
      if (!user) return reply.code(404).send({ status: 'error', message: 'There is no such user' });
      return done(request, reply, toWireUser(user));
    });
  };
  befall('revoke', (id) => account.revokeAccess(id));
  befall('error', (id) => account.reportConnectionError(id));
  befall('deauth', (id) => account.deauthenticate(id));
  befall('forget', (id) => account.remove(id));
  befall('data', (id, body) => account.sendData(id, formText(body, 'type') || undefined));
  befall('permissions', (id, body) => {
    const words = (name: string): string[] => listOf((body as Record<string, unknown> | undefined)?.[name]);
    return account.changePermissions(id, { add: words('add'), remove: words('remove') });
  });

  /** Plays the phone: a mobile SDK spends its token. */
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
